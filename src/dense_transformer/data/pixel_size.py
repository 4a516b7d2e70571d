"""How large a pixel is, as far as a file says."""

from __future__ import annotations

import math
import re
from typing import Any

_NM = {
    "pm": 1e-3, "å": 0.1, "angstrom": 0.1,
    "nm": 1.0, "nanometer": 1.0, "nanometre": 1.0,
    "um": 1e3, "µm": 1e3, "μm": 1e3, "micron": 1e3, "microns": 1e3,
    "micrometer": 1e3, "micrometre": 1e3,
    "mm": 1e6, "cm": 1e7, "inch": 2.54e7, "in": 2.54e7, "m": 1e9,
}  # fmt: skip

#: Resolution tags coarser than this (10 µm) speak of paper, not of a specimen.
PRINT_NM = 1e4


def in_nm(value: float, unit: str) -> float | None:
    """Return a length in nanometres; None if it or its unit makes no sense."""
    factor = _NM.get(unit.replace("\\u00B5", "µ").strip().lower())
    if factor is None or not math.isfinite(value) or value <= 0:
        return None
    return value * factor


def tiff_pixel_nm(file: Any) -> tuple[float, float] | None:
    """Return the pixel size (y, x) in nm of an open `tifffile.TiffFile`, or None.

    OME metadata come first, then ImageJ's unit, then the resolution tags; tags
    that speak of dots on paper (72 or 300 dpi) are left aside.
    """
    if file.is_ome and file.ome_metadata:
        return _ome_pixel_nm(file.ome_metadata)
    y, x = (_per_pixel(file.pages[0], tag) for tag in (283, 282))
    if y is None or x is None:
        return None
    if file.is_imagej:
        unit = str((file.imagej_metadata or {}).get("unit", ""))
        return _both(in_nm(y, unit), in_nm(x, unit))
    tag = file.pages[0].tags.get(296)
    unit = {2: "inch", 3: "cm"}.get(int(tag.value) if tag is not None else 2, "")
    nm = _both(in_nm(y, unit), in_nm(x, unit))
    return nm if nm is not None and max(nm) < PRINT_NM else None


def _both(y: float | None, x: float | None) -> tuple[float, float] | None:
    return None if y is None or x is None else (y, x)


def _per_pixel(page: Any, tag: int) -> float | None:
    """Return units per pixel of a resolution tag, which holds pixels per unit."""
    found = page.tags.get(tag)
    if found is None or not isinstance(found.value, tuple) or len(found.value) != 2:
        return None
    pixels, units = found.value
    return units / pixels if pixels > 0 and units > 0 else None


def ome_planes(xml: str) -> int:
    """Return how many planes (samples counted) the first image of OME-XML has."""
    fields = _ome_fields(xml)
    sizes = [fields.get(f"Size{axis}", "1") for axis in "ZCT"]
    return math.prod(int(s) if s.isdecimal() else 1 for s in sizes)


def _ome_fields(xml: str) -> dict[str, str]:
    found = re.search(r"<(?:\w+:)?Pixels\b[^>]*>", xml)  # no parser: it may be hostile
    return dict(re.findall(r'(\w+)\s*=\s*"([^"]*)"', found.group())) if found else {}


def _ome_pixel_nm(xml: str) -> tuple[float, float] | None:
    fields = _ome_fields(xml)
    sizes = []
    for axis in "YX":
        try:
            value = float(fields[f"PhysicalSize{axis}"])
        except (KeyError, ValueError):
            return None
        sizes.append(in_nm(value, fields.get(f"PhysicalSize{axis}Unit", "µm")))
    return _both(sizes[0], sizes[1])
