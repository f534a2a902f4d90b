"""Read a set from a TOML file: every problem at once, each in a sentence that says the cure.

Its keys are the fields of `Set`, and a table `[[channel]]` holds those of a `ChannelSet`, with channels
counted from 1 as musicians do; a table `[[control]]` those of a `ControlSet`.
"""

from __future__ import annotations

import math
import os
import stat
import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from importlib import resources
from pathlib import Path
from typing import Any

from bollylive.errors import SetError
from bollylive.quoting import quoted, quoted_key
from bollylive.sets.band import (
    CONTROL_KINDS,
    DEEDS,
    KNOBS,
    ChannelSet,
    ControlKind,
    ControlSet,
    Role,
    Set,
)
from bollylive.sets.schema import CHANNEL_RULES, CONTROL_RULES, SET_RULES, Rule
from bollylive.sets.text_limits import MOST_BYTES, check_text_limits

__all__ = ["ChannelSet", "Role", "Set", "default_set", "load_set", "parse_set"]


MOST_PROBLEMS = 50  # who has more mends some of them first
_MOST_OF_A_REASON = 200
_OPEN_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_BINARY", 0)


def load_set(path: str | Path) -> Set:
    """Read a set file; raises SetError with all its problems. Reads no more than a set may have.

    Waits for nobody: a pipe or a device is refused, and is not opened for long.
    """
    try:
        data = _read_file(path)
    except OSError as error:
        raise SetError([f"{path}: the set cannot be read: {error.strerror}."]) from error
    except ValueError as error:  # of open: a name that no file can have
        raise SetError([f"{path}: the set cannot be read: {error}."]) from error
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise SetError([f"{path}: line {line}: the set is not UTF-8 text; save it as such."]) from error
    return parse_set(text.replace("\r\n", "\n").replace("\r", "\n"), str(path))


def _read_file(path: str | Path) -> bytes:
    # Without O_NONBLOCK a pipe that nobody writes to is waited for as it is opened.
    descriptor = os.open(path, _OPEN_FLAGS)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise SetError([f"{path}: this is a folder, a pipe or a device; give the name of a file."])
        with open(descriptor, "rb", closefd=False) as file:
            data = file.read(MOST_BYTES + 1)
    finally:
        os.close(descriptor)
    if len(data) > MOST_BYTES:
        raise SetError([f"{path}: the set is larger than {MOST_BYTES // 1024} KiB; keep only its settings."])
    return data


def default_set() -> Set:
    """Return the set that comes with BollyLive."""
    path = resources.files("bollylive") / "sets" / "default.toml"
    return parse_set(path.read_text(encoding="utf-8"), "default.toml")


def parse_set(text: str, name: str) -> Set:
    """Return the set that the text of a TOML file describes; `name` is the file's, for the sentences of SetError.

    Any text gives a set or SetError, soon.
    """
    table = _read_toml(text, name)
    problems: list[str] = []
    tables, control_tables = table.pop("channel", []), table.pop("control", [])
    known = {*SET_RULES, "channel", "control"}
    fields = {"name": Path(name).stem, **_read_table(table, SET_RULES, known, "", problems)}
    standard = Set()
    if fields.get("commit_beats", standard.commit_beats) >= fields.get("horizon_beats", standard.horizon_beats):
        problems.append("commit_beats must be less than horizon_beats.")
    channels = _read_channels(tables, problems)
    controls = _read_controls(control_tables, problems)
    problems += _delay_problems(fields, channels)
    if len(problems) > MOST_PROBLEMS:
        problems[MOST_PROBLEMS:] = ["there may be more problems; mend these first."]
    if problems:
        raise SetError([f"{name}: {problem}" for problem in problems])
    return Set(**fields, channels=channels, controls=controls)


def _read_toml(text: str, name: str) -> dict[str, Any]:
    try:
        check_text_limits(text)
    except ValueError as error:
        raise SetError([f"{name}: {error}"]) from error
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SetError([f"{name}: this is not TOML: {_shortened(str(error))}."]) from error
    except Exception as error:  # it raises ValueError, RecursionError and others, as the text wants it
        raise SetError([f"{name}: this cannot be read as TOML: {_shortened(str(error))}."]) from error


def _shortened(reason: str) -> str:
    """What TOML's reader says, which may hold a whole key; its end is the line and the column."""
    half = _MOST_OF_A_REASON // 2
    return reason if len(reason) <= _MOST_OF_A_REASON else f"{reason[:half]}...{reason[-half:]}"


def _delay_problems(fields: Mapping[str, Any], channels: tuple[ChannelSet, ...]) -> list[str]:
    """What is decided too late to leave so early, at the set's own tempo."""
    standard = Set()
    tempo_bpm = fields.get("tempo_bpm", standard.tempo_bpm)
    commit_beats = fields.get("commit_beats", standard.commit_beats)
    early_ms = commit_beats * 60e3 / tempo_bpm
    return [
        f"channel {channel.channel + 1}: delay_ms must be {-math.floor(early_ms)} or more, for notes are decided "
        f"commit_beats ahead, and that is no more at {tempo_bpm:g} beats per minute; or let commit_beats be larger."
        for channel in channels
        if -channel.delay_ms > early_ms + 1e-6
    ]


def _read_channels(tables: Any, problems: list[str]) -> tuple[ChannelSet, ...]:
    if not _are_tables(tables):
        problems.append("channel must be a table for each instrument, under a line [[channel]].")
        return ()
    channels: dict[int, ChannelSet] = {}
    for count, table in enumerate(tables, start=1):
        if len(problems) > MOST_PROBLEMS:
            break
        where = f"channel {quoted(table['channel'])}: " if "channel" in table else f"[[channel]] number {count}: "
        fields = _read_table(table, CHANNEL_RULES, set(CHANNEL_RULES), where, problems)
        if "channel" not in table:
            problems.append(f"{where}it needs a line channel = 1 to 16.")
        elif fields.get("channel") in channels:
            problems.append(f"{where}it is there twice; keep one [[channel]] of it.")
        elif "channel" in fields:
            channels[fields["channel"]] = ChannelSet(**fields)
        for low, high, default in (("lowest", "highest", 127), ("softest", "loudest", 127)):
            if fields.get(low, 0) > fields.get(high, default):
                problems.append(f"{where}{low} must not be above {high}.")
        lowest, highest = fields.get("lowest", 0), fields.get("highest", 127)
        if "percussion" in fields and not any(lowest <= key <= highest for key, _ in fields["percussion"]):
            problems.append(f"{where}percussion has no key from lowest to highest; widen them, or leave them out.")
    return tuple(channels[channel] for channel in sorted(channels))


def _read_controls(tables: Any, problems: list[str]) -> tuple[ControlSet, ...]:
    if not _are_tables(tables):
        problems.append("control must be a table for each command, under a line [[control]].")
        return ()
    controls: dict[object, ControlSet] = {}
    for count, table in enumerate(tables, start=1):
        if len(problems) > MOST_PROBLEMS:
            break
        where = f"[[control]] number {count}: "
        fields = _read_table(table, CONTROL_RULES, set(CONTROL_RULES), where, problems)
        kinds: list[ControlKind] = [kind for kind in CONTROL_KINDS if kind in table]
        if len(kinds) != 1:
            problems.append(f"{where}it needs one line of cc = 0 to 119, note = 0 to 127, or program = 0 to 127.")
        if "does" not in table:
            problems.append(f"{where}it needs a line does = {' or '.join(map(repr, (*DEEDS, *KNOBS)))}.")
        if kinds == ["note"] and "channel" not in table:
            problems.append(f"{where}a note needs a channel; else that key could be played nowhere.")
        if kinds != ["cc"] and fields.get("does") in KNOBS:
            problems.append(f"{where}{fields['does']} is a knob, and needs a cc.")
        if len(kinds) != 1 or not {kinds[0], "does"} <= set(fields):
            continue
        number = fields.pop(kinds[0])
        event = (kinds[0], number, fields.get("channel"))
        if event in controls:
            problems.append(f"{where}{kinds[0]} {number} is there twice; keep one [[control]] of it.")
        controls[event] = ControlSet(kinds[0], number, **fields)
    return tuple(controls.values())


def _are_tables(tables: object) -> bool:
    return isinstance(tables, list) and all(isinstance(table, dict) for table in tables)


def _read_table(
    table: Mapping[str, object], rules: Mapping[str, Rule], known: set[str], where: str, problems: list[str]
) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for key, value in table.items():
        if len(problems) > MOST_PROBLEMS:
            break
        if key not in rules:
            near = get_close_matches(key, known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(sorted(known))}."
            problems.append(f"{where}there is no {quoted_key(key)}; {hint}")
            continue
        try:
            fields[key] = rules[key](value)
        except ValueError as problem:
            problems.append(f"{where}{key} {problem}")
        except Exception:  # noqa: BLE001 - whatever a rule stumbles over, a set is refused in a sentence
            problems.append(f"{where}{key} cannot be used as it is: {quoted(value)}.")
    return fields
