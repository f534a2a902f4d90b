"""The constants that training and the stage share: listed, so that a model can say which ones it was trained with.

A model that was trained with one value and plays with another still runs, but plays worse, and nothing reports it. So
`export` writes the list into the model's `.json`, and `metadata.verify` compares it before a model plays.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import TypeAlias

from bollylive.model import bar_echoes, codec, context

Value: TypeAlias = int | list[int] | dict[str, int]
Contract: TypeAlias = Mapping[str, Value]


def list_constants() -> dict[str, Value]:
    """Every constant of this version that a model depends on, by name, with values that JSON can hold.

    What the metadata states in entries of its own (ticks per beat, fields, vocabulary) is not repeated.
    """
    return {
        "wait_ticks": codec.WAIT_TICKS,
        "longest_silence_ticks": codec.LONGEST_SILENCE_TICKS,
        "opening_rest_ticks": codec.OPENING_REST_TICKS,
        "duration_ticks": codec.DURATION_TICKS.tolist(),
        "velocity_step": codec.VELOCITY_STEP,
        "rest": codec.REST,
        "percussion": codec.PERCUSSION,
        "window_ticks": context.WINDOW_TICKS,
        "harmony_half_life_ticks": context.HARMONY_HALF_LIFE_TICKS,
        "key_half_life_ticks": context.KEY_HALF_LIFE_TICKS,
        "pulse_half_life_ticks": context.PULSE_HALF_LIFE_TICKS,
        "half_density_onsets": context.HALF_DENSITY_ONSETS,
        "most_sounding": context.MOST_SOUNDING,
        "kicks": list(context.KICKS),
        "snares": list(context.SNARES),
        "context_columns": dict(context.COLUMNS),
        "echo_bars_ago": list(bar_echoes.BARS_AGO),
        "echo_earliest_ticks": bar_echoes.EARLIEST_TICKS,
        "echo_here_ticks": bar_echoes.HERE_TICKS,
        "echo_latest_ticks": bar_echoes.LATEST_TICKS,
        "longest_passage": bar_echoes.LONGEST_PASSAGE,
    }


def digest(constants: Contract) -> str:
    """The hexadecimal sha256 of a list of constants, whatever order it has."""
    return hashlib.sha256(json.dumps(constants, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def compare_constants(theirs: Contract, ours: Contract) -> list[str]:
    """One clause for each constant that differs, such as `kicks[1] is 36, not 35`; empty if all are equal."""
    theirs_flat, ours_flat = dict(_flatten(theirs)), dict(_flatten(ours))
    names = [*theirs_flat, *(name for name in ours_flat if name not in theirs_flat)]
    return [
        f"{name} is {theirs_flat.get(name, 'missing')}, not {ours_flat.get(name, 'missing')}"
        for name in names
        if theirs_flat.get(name) != ours_flat.get(name)
    ]


def _flatten(constants: Contract) -> Iterator[tuple[str, object]]:
    """Each number with its name: `kicks[1]` in a list, `vocabulary.pitch` in a table; and the order of a table."""
    for name, value in constants.items():
        if isinstance(value, list):
            yield from ((f"{name}[{i}]", number) for i, number in enumerate(value))
        elif isinstance(value, dict):
            yield from ((f"{name}.{key}", number) for key, number in value.items())
            yield f"{name} in order", list(value)
        else:
            yield name, value
