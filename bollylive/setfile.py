"""Read a set from a TOML file: every problem at once, each in a sentence that says the cure.

Its keys are the fields of `Set`, and a table `[[channel]]` holds those of a `ChannelSet`, with channels
counted from 1 as musicians do.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from importlib import resources
from pathlib import Path
from typing import Any, Final, TypeAlias, get_args

from bollylive.band import MOST_BEATS_PER_BAR, ChannelSet, Role, Set
from bollylive.errors import SetError
from bollylive.instruments import program_of

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["ChannelSet", "Role", "Set", "default_set", "load_set", "parse_set"]

# Returns the value as a field wants it, or raises ValueError with the rest of a sentence that begins with the key.
_Rule: TypeAlias = Callable[[object], object]


def load_set(path: str | Path) -> Set:
    """Read a set file; raises SetError with all its problems."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise SetError([f"{path}: the set cannot be read: {error.strerror}."]) from error
    except UnicodeDecodeError as error:
        raise SetError([f"{path}: the set is not UTF-8 text; save it as such."]) from error
    return parse_set(text, str(path))


def default_set() -> Set:
    """Return the set that comes with BollyLive."""
    path = resources.files("bollylive") / "sets" / "default.toml"
    return parse_set(path.read_text(encoding="utf-8"), "default.toml")


def parse_set(text: str, name: str) -> Set:
    """Return the set that the text of a TOML file describes; `name` is the file's, for the sentences of SetError."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SetError([f"{name}: this is not TOML: {error}."]) from error
    problems: list[str] = []
    tables = table.pop("channel", [])
    fields = {"name": Path(name).stem, **_read_table(table, _SET_RULES, {*_SET_RULES, "channel"}, "", problems)}
    standard = Set()
    if fields.get("commit_beats", standard.commit_beats) >= fields.get("horizon_beats", standard.horizon_beats):
        problems.append("commit_beats must be less than horizon_beats.")
    problems += _tap_problems(fields)
    channels = _read_channels(tables, problems)
    if problems:
        raise SetError([f"{name}: {problem}" for problem in problems])
    return Set(**fields, channels=channels)


def _tap_problems(fields: Mapping[str, object]) -> list[str]:
    notes = [key for key in ("tap_note", "sam_note") if key in fields]
    problems = [f"{key} needs a tap_channel; else that key could be played nowhere." for key in notes]
    problems = [] if "tap_channel" in fields else problems
    for kind, thing in (("cc", "controller"), ("note", "key")):
        if fields.get(f"tap_{kind}") is not None and fields.get(f"tap_{kind}") == fields.get(f"sam_{kind}"):
            problems.append(f"tap_{kind} and sam_{kind} must not be the same {thing}.")
    return problems


def _read_channels(tables: object, problems: list[str]) -> tuple[ChannelSet, ...]:
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        problems.append("channel must be a table for each instrument, under a line [[channel]].")
        return ()
    channels: dict[int, ChannelSet] = {}
    for count, table in enumerate(tables, start=1):
        where = f"channel {table['channel']}: " if "channel" in table else f"[[channel]] number {count}: "
        fields = _read_table(table, _CHANNEL_RULES, set(_CHANNEL_RULES), where, problems)
        if "channel" not in table:
            problems.append(f"{where}it needs a line channel = 1 to 16.")
        elif fields.get("channel") in channels:
            problems.append(f"{where}it is there twice; keep one [[channel]] of it.")
        elif "channel" in fields:
            channels[fields["channel"]] = ChannelSet(**fields)
        if fields.get("lowest", 0) > fields.get("highest", 127):
            problems.append(f"{where}lowest must not be above highest.")
    return tuple(channels[channel] for channel in sorted(channels))


def _read_table(
    table: Mapping[str, object], rules: Mapping[str, _Rule], known: set[str], where: str, problems: list[str]
) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for key, value in table.items():
        if key not in rules:
            near = get_close_matches(key, known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(sorted(known))}."
            problems.append(f"{where}there is no {key}; {hint}")
            continue
        try:
            fields[key] = rules[key](value)
        except ValueError as problem:
            problems.append(f"{where}{key} {problem}")
    return fields


def _number(lowest: float, highest: float) -> _Rule:
    def read(value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or math.isnan(value):
            raise ValueError(f"must be a number from {lowest:g} to {highest:g}, not {value!r}.")
        if not lowest <= value <= highest:
            raise ValueError(f"must be from {lowest:g} to {highest:g}, not {value:g}.")
        return float(value)

    return read


def _whole(lowest: int, highest: int, counted_from: int = 0) -> _Rule:
    def read(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not lowest <= value <= highest:
            raise ValueError(f"must be a whole number from {lowest} to {highest}, not {value!r}.")
        return value - counted_from

    return read


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"must be a text in quotes, not {value!r}.")
    return value.strip()


def _switch(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"must be true or false, not {value!r}.")
    return value


def _role(value: object) -> str:
    roles: tuple[str, ...] = get_args(Role)
    if value in roles:
        return str(value)
    near = get_close_matches(value, roles, n=1) if isinstance(value, str) else []
    hint = f"; did you mean {near[0]!r}?" if near else "."
    raise ValueError(f"must be one of {', '.join(map(repr, roles))}, not {value!r}{hint}")


def _program(value: object) -> object:
    return program_of(value) if isinstance(value, str) else _whole(0, 127)(value)


_SET_RULES: Final[dict[str, _Rule]] = {
    "name": _text,
    "tempo_bpm": _number(20, 300),
    "beats_per_bar": _whole(1, MOST_BEATS_PER_BAR),
    "model": _text,
    "buffer_notes": _whole(4, 512),
    "seed": _whole(0, 2**63 - 1),
    "temperature": _number(0.1, 3.0),
    "nucleus": _number(0.05, 1.0),
    "memory": _number(0, 1),
    "follow": _number(0, 1),
    "quantise": _switch,
    "horizon_beats": _number(0.25, 8),
    "commit_beats": _number(0, 4),
    "handover_beats": _number(0, 64),
    "rest_after_beats": _number(0, 1024),
    "thru": _switch,
    "default_role": _role,
    "tap_channel": _whole(1, 16, counted_from=1),
    "tap_cc": _whole(0, 119),
    "tap_note": _whole(0, 127),
    "sam_cc": _whole(0, 119),
    "sam_note": _whole(0, 127),
    "link": _switch,
    "follow_tempo": _switch,
    "in_port": _text,
    "out_port": _text,
}

_CHANNEL_RULES: Final[dict[str, _Rule]] = {
    "channel": _whole(1, 16, counted_from=1),
    "name": _text,
    "role": _role,
    "program": _program,
    "lowest": _whole(0, 127),
    "highest": _whole(0, 127),
    "polyphony": _whole(1, 8),
    "density": _number(-2, 2),
    "entry_bars": _whole(0, 64),
    "thru": _switch,
}
