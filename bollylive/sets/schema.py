"""What each key of a set file may be: a rule reads a value as its field wants it, or says what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches
from typing import Final, TypeAlias, get_args
from unicodedata import category

from bollylive.midi.instruments import program_of
from bollylive.midi.percussion import read_keys
from bollylive.quoting import quoted
from bollylive.sets.band import DEEDS, KNOBS, MOST_BEATS_PER_BAR, Handover, Role

MOST_CHARACTERS: Final = 1024  # of a name: of a port, or of a model with its folders
MOST_NAMES: Final = 32

# Returns the value as a field wants it, or raises ValueError with the rest of a sentence that begins with the key.
Rule: TypeAlias = Callable[[object], object]


def _number(lowest: float, highest: float) -> Rule:
    def read(value: object) -> float:
        nan = value != value  # noqa: PLR0124 - math.isnan raises over a whole number of hundreds of digits
        if isinstance(value, bool) or not isinstance(value, int | float) or nan:
            raise ValueError(f"must be a number from {lowest:g} to {highest:g}, not {quoted(value)}.")
        if not lowest <= value <= highest:
            raise ValueError(f"must be from {lowest:g} to {highest:g}, not {quoted(value)}.")
        return float(value)

    return read


def _whole(lowest: int, highest: int, counted_from: int = 0) -> Rule:
    def read(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not lowest <= value <= highest:
            raise ValueError(f"must be a whole number from {lowest} to {highest}, not {quoted(value)}.")
        return value - counted_from

    return read


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"must be a text in quotes, not {quoted(value)}.")
    name = value.strip()
    if len(name) > MOST_CHARACTERS or any(category(character) == "Cc" for character in name):
        raise ValueError(f"must have 1 to {MOST_CHARACTERS} characters that can be seen, not {quoted(name)}.")
    return name


def _names(value: object) -> tuple[str, ...]:
    names = value if isinstance(value, list) and value else [value]
    if len(names) > MOST_NAMES:
        raise ValueError(f"must be a list of {MOST_NAMES} names at most, not of {len(names)}.")
    if not all(isinstance(name, str) and name.strip() for name in names):
        raise ValueError(f"must be a text in quotes, or a list of them, not {quoted(value)}.")
    return tuple(map(_text, names))


def _switch(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"must be true or false, not {quoted(value)}.")
    return value


def _one_of(words: tuple[str, ...]) -> Rule:
    def read(value: object) -> str:
        if isinstance(value, str) and value in words:
            return value
        near = get_close_matches(value, words, n=1) if isinstance(value, str) else []
        hint = f"; did you mean {near[0]!r}?" if near else "."
        raise ValueError(f"must be one of {', '.join(map(repr, words))}, not {quoted(value)}{hint}")

    return read


def _program(value: object) -> object:
    return program_of(value) if isinstance(value, str) else _whole(0, 127)(value)


_role, _handover = _one_of(get_args(Role)), _one_of(get_args(Handover))

SET_RULES: Final[dict[str, Rule]] = {
    "name": _text,
    "tempo_bpm": _number(20, 300),
    "beats_per_bar": _whole(1, MOST_BEATS_PER_BAR),
    "model": _text,
    "buffer_notes": _whole(4, 512),
    "seed": _whole(0, 2**63 - 1),
    "temperature": _number(*KNOBS["temperature"]),
    "nucleus": _number(*KNOBS["nucleus"]),
    "memory": _number(*KNOBS["memory"]),
    "follow": _number(*KNOBS["follow"]),
    "energy": _number(*KNOBS["energy"]),
    "quantise": _switch,
    "horizon_beats": _number(0.25, 8),
    "commit_beats": _number(0, 4),
    "handover": _handover,
    "handover_beats": _number(0, 64),
    "rest_after_beats": _number(0, 1024),
    "thru": _switch,
    "default_role": _role,
    "link": _switch,
    "follow_tempo": _switch,
    "in_port": _names,
    "out_port": _names,
}

CHANNEL_RULES: Final[dict[str, Rule]] = {
    "channel": _whole(1, 16, counted_from=1),
    "name": _text,
    "role": _role,
    "program": _program,
    "lowest": _whole(0, 127),
    "highest": _whole(0, 127),
    "polyphony": _whole(1, 8),
    "density": _number(*KNOBS["density"]),
    "entry_bars": _whole(0, 64),
    "handover": _handover,
    "answer_bars": _whole(0, 64),
    "thru": _switch,
    "percussion": read_keys,
    "delay_ms": _number(-500, 500),
    "velocity_curve": _number(0.25, 4),
    "softest": _whole(1, 127),
    "loudest": _whole(1, 127),
    "longest_beats": _number(0.05, 64),
}

CONTROL_RULES: Final[dict[str, Rule]] = {
    "cc": _whole(0, 119),
    "note": _whole(0, 127),
    "program": _whole(0, 127),
    "channel": _whole(1, 16, counted_from=1),
    "does": _one_of((*DEEDS, *KNOBS)),
    "on": _whole(1, 16, counted_from=1),
}
