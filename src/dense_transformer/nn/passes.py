"""One forward pass: what may be changed, watched and kept on its way."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from torch import Tensor

from dense_transformer.nn.transformer import TransformerPair
from dense_transformer.nn.warp import TensorWarp

Edit = Callable[[int, Tensor], Tensor]
"""Gets a level and its transformer's theta (b, n), returns those to use."""
Watch = Callable[[int, str, Tensor], None]
"""Gets a level, ``before``, ``warped``, ``below`` or ``decoded``, and features."""


class Kept(NamedTuple):
    """What one level made on the way down."""

    before: Tensor  # the transformer's input
    theta: Tensor  # as the localisation gave it; empty without a transformer
    used: Tensor
    warp: TensorWarp | None
    skip: Tensor


class Memory:
    """What the levels made on the way down, for the next pass of the same images.

    Give it to `trace` again and again with the same network and images, and other
    edits: only what comes after the first parameters that differ is computed.
    """

    def __init__(self) -> None:
        self.levels: dict[int, Kept] = {}


class Pass:
    """What one forward pass carries through the levels."""

    def __init__(
        self,
        round_trip: bool,
        edit: Edit | None,
        watch: Watch | None,
        memory: Memory | None,
    ) -> None:
        self.warps: list[TensorWarp] = []
        self.round_trip, self.edit, self.watch = round_trip, edit, watch
        self._memory, self._same = memory, True

    def recall(self, index: int) -> Kept | None:
        """Return what a level made before, if it would make the same now."""
        if self._memory is None or not self._same:
            return None
        return self._memory.levels.get(index)

    def keep(self, index: int, kept: Kept) -> None:
        """Take over what a level made now; what lies deeper is out of date."""
        self._same = False
        if self._memory is None:
            return
        levels = self._memory.levels
        for deeper in [i for i in levels if i > index]:  # also if the pass breaks off
            del levels[deeper]
        levels[index] = kept

    def show(self, pair: TransformerPair, stage: str, features: Tensor) -> None:
        """Tell the watcher what a transformer is given, or makes."""
        if self.watch is not None:
            self.watch(pair.config.level, stage, features)
