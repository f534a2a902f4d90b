"""Which keys a percussion channel plays: those of named instruments on a General MIDI kit, or a map to other keys.

General MIDI has no tabla. The model learned its thekas on the bongos and congas that come closest in pitch and decay
(`training.arranging.bols`, where the strokes are told apart after D. R. Courtney, "Fundamentals of Tabla", 1998), so
these keys stand for its strokes. No two sample libraries lay out tabla alike, so a set says which keys they use.
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Final, TypeAlias

from bollylive.errors import quoted
from bollylive.midi.pitch_names import pitch_of

Keys: TypeAlias = tuple[tuple[int, int], ...]  # (General MIDI key 0-127, key 0-127 that is sent), in order

# High bongo, low bongo, muted high conga, open high conga, low conga. Te and Ke are one muted stroke.
STROKES: Final[dict[str, dict[str, int]]] = {
    "tabla": {"na": 60, "tin": 61, "te": 62, "ge": 64},
    "dholak": {"na": 63, "te": 62, "ge": 64},
}

# All that a set can name. Triangles stand for manjira, the finger cymbals, as in `training.arranging.kit`. Closed,
# pedal and open are hi-hats; low, mid and high are toms.
INSTRUMENTS: Final[dict[str, dict[str, int]]] = {
    **STROKES,
    "manjira": {"closed": 80, "open": 81},
    "tambourine": {"jingle": 54},
    "kit": {
        "kick": 36, "rim": 37, "snare": 38, "closed": 42, "pedal": 44, "low": 45, "open": 46, "mid": 47, "crash": 49,
        "high": 50, "ride": 51,
    },
}  # fmt: skip


def read_keys(value: object) -> Keys:
    """Return the keys of an instrument's name, of a list of names, or of a table from General MIDI keys to other keys.

    Raises ValueError; its text is a sentence without its first word, `percussion`.
    """
    if isinstance(value, str):
        return _named([value])
    if isinstance(value, list) and value and all(isinstance(name, str) for name in value):
        return _named(value)
    if not isinstance(value, Mapping) or not value:
        raise ValueError(
            f"must be {_names()}, a list of these, or a table such as {{ 60 = 36, 64 = 38 }}, not {quoted(value)}."
        )
    keys: list[tuple[int, int]] = []
    for general, own in value.items():
        if (key := _key(general)) is None:
            raise ValueError(f"must map General MIDI keys 0 to 127 or names such as C4, not {quoted(general)}.")
        if isinstance(own, bool) or (own_key := _key(own)) is None:
            raise ValueError(
                f"must map key {general} to a key from 0 to 127 or a name such as 'C4', not {quoted(own)}."
            )
        if any(known == key for known, _ in keys):
            raise ValueError(f"must map key {key} only once.")
        keys.append((key, own_key))
    return tuple(keys)


def _key(value: object) -> int | None:
    """The key 0-127 of a number, of a number as text, as TOML has it before `=`, or of a name such as `C4`."""
    if isinstance(value, str):
        key = int(value) if value.isascii() and value.isdecimal() and len(value) <= 3 else pitch_of(value)
    else:
        key = value if isinstance(value, int) else None
    return key if key is not None and 0 <= key <= 127 else None


def _named(names: list[str]) -> Keys:
    for name in names:
        if name not in INSTRUMENTS:
            near = get_close_matches(name, INSTRUMENTS, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else "."
            raise ValueError(f"must be {_names()}, a list of these, or a table of keys, not {quoted(name)}{hint}")
    return tuple((key, key) for key in sorted({key for name in names for key in INSTRUMENTS[name].values()}))


def _names() -> str:
    *names, last = map(repr, INSTRUMENTS)
    return f"{', '.join(names)} or {last}"
