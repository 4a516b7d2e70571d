"""Tests of the plugin: napari's settings out of the way, a viewer with a dock."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

# Before napari is imported: it reads this once.
os.environ["NAPARI_CONFIG"] = str(
    Path(tempfile.mkdtemp(prefix="napari-")) / "settings.yaml"
)
