"""The recurrent layers by the letters of a recipe: `rr` is two recurrences."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, cast

from torch import nn

from training.errors import TrainingError
from training.network.layer import Layer
from training.network.recurrence import Recurrence
from training.network.rivals import Attention, GatedUnit

KINDS: Final[dict[str, type[Layer]]] = {"r": Recurrence, "g": GatedUnit, "a": Attention}


class Layers(nn.ModuleList):
    """Layers in order, from the input up."""

    def __iter__(self) -> Iterator[Layer]:
        return cast(Iterator[Layer], super().__iter__())


def make_layers(letters: str, width: int) -> Layers:
    """The layers of a recipe, from below; raises TrainingError for a letter of no layer, or a width it cannot have."""
    if not letters or not set(letters) <= set(KINDS):
        raise TrainingError(f"layers {letters!r}: use the letters {', '.join(KINDS)}, one for each layer, such as rr.")
    for letter in letters:
        step = KINDS[letter].width_step
        if width % step:
            near = step * -(-width // step)
            raise TrainingError(
                f"width {width}: a layer of the kind {letter} needs a multiple of {step}, such as {near}."
            )
    return Layers(KINDS[letter](width) for letter in letters)
