"""Shows any value within a sentence: on one line, shortened, and never raising."""

from __future__ import annotations

import math
from reprlib import Repr
from typing import Final

MOST_CHARACTERS: Final = 60
_MOST_BITS: Final = 64


class _Short(Repr):
    """Python's own `Repr`, but for whole numbers of thousands of digits, over which that one raises."""

    def repr_int(self, x: int, level: int) -> str:  # noqa: ARG002 - the signature is reprlib's
        if x.bit_length() <= _MOST_BITS:
            return str(x)
        return f"a number of about {math.ceil(x.bit_length() * math.log10(2))} digits"


_SHORT: Final = _Short()
_SHORT.maxstring = _SHORT.maxother = MOST_CHARACTERS
_SHORT.maxlevel, _SHORT.maxlist, _SHORT.maxdict = 2, 4, 3


def quoted(value: object) -> str:
    """Return a value as Python writes it, in at most 60 characters; `...` stands for what is left out."""
    text = _SHORT.repr(value)
    return text if len(text) <= MOST_CHARACTERS else f"{text[: MOST_CHARACTERS - 3]}..."


def quoted_key(key: str) -> str:
    """Return a key as a TOML file has it; one that needs quotes there, or is too long, is quoted and shortened."""
    bare = key.isascii() and key.replace("_", "").replace("-", "").isalnum() and len(key) <= MOST_CHARACTERS
    return key if bare else quoted(key)
