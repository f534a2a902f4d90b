"""Makes a `Set` of the tables in a set file, or says in a sentence for each problem what is wrong and how to fix it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from textwrap import shorten
from typing import Any, Final

from bollylive.errors import quoted, quoted_key
from bollylive.sets.control_set import CONTROL_KINDS, ControlSet
from bollylive.sets.parts import part_problems
from bollylive.sets.schema import Setting
from bollylive.sets.settings import CHANNEL_SETTINGS, CONTROL_SETTINGS, KNOBS, SET_SETTINGS, ChannelSet, Set

_MOST_OF_A_LIST: Final = 250  # characters of a sentence
_LONGER: Final = " and others, which default.toml shows"

MOST_PROBLEMS: Final = 50  # anybody with more problems fixes some of them first

_QUOTED: Final = {"does": "'does'", "on": "'on'"}  # without quotes they would read as a part of the sentence

# Where a setting belongs that stands in the wrong place.
_PLACES: Final = {
    "the whole set; put it above the first [[channel]] and [[control]]": SET_SETTINGS,
    "an instrument; put it below a line [[channel]]": CHANNEL_SETTINGS,
    "a command; put it below a line [[control]]": CONTROL_SETTINGS,
}


def read_set(table: Mapping[str, Any], default_name: str) -> tuple[Set, list[str]]:
    """The set that these tables describe, and all problems with them; if there is a problem, do not use the set.

    `table` is what a TOML reader gives: any values at all. Never raises. Pure; any thread may call it.
    """
    problems: list[str] = []
    lines = {key: value for key, value in table.items() if key not in ("channel", "control")}
    fields = {"name": default_name, **_read_table(lines, SET_SETTINGS, "", problems)}
    channels = _read_channels(table.get("channel", []), problems)
    controls = _read_controls(table.get("control", []), problems)
    band = Set(**fields, channels=channels, controls=controls)
    problems += _timing_problems(band)
    if len(problems) > MOST_PROBLEMS:
        problems[MOST_PROBLEMS:] = ["there may be more problems; fix these first."]
    return band, problems


def _timing_problems(band: Set) -> Iterator[str]:
    early_ms = band.commit_beats * 60e3 / band.tempo_bpm
    for own in band.channels:
        if -own.delay_ms > early_ms + 1e-6:
            yield (
                f"channel {own.channel + 1}: delay_ms must be {-math.floor(early_ms)} or more, because commit_beats is "
                f"no longer than that at {band.tempo_bpm:g} bpm; or make commit_beats larger."
            )


def _read_channels(tables: Any, problems: list[str]) -> tuple[ChannelSet, ...]:
    if not _are_tables(tables):
        problems.append("channel must be a table for each instrument, below a line [[channel]].")
        return ()
    channels: dict[int, ChannelSet] = {}
    for count, table in enumerate(tables, start=1):
        if len(problems) > MOST_PROBLEMS:
            break
        where = f"channel {quoted(table['channel'])}: " if "channel" in table else f"[[channel]] number {count}: "
        fields = _read_table(table, CHANNEL_SETTINGS, where, problems)
        if "channel" not in table:
            problems.append(f"{where}it needs a line channel = {CHANNEL_SETTINGS['channel'].kind.legal}.")
        own = ChannelSet(**{"channel": 0, **fields})
        problems += (f"{where}{problem}" for problem in _range_problems(own))
        if fields.get("channel") in channels:
            problems.append(f"{where}there are two tables for this channel; keep one of them.")
        elif "channel" in fields:
            channels[own.channel] = own
    return tuple(channels[channel] for channel in sorted(channels))


def _range_problems(own: ChannelSet) -> Iterator[str]:
    for low, high in (("lowest", "highest"), ("softest", "loudest")):
        if (least := getattr(own, low)) > (most := getattr(own, high)):
            yield f"{low} must not be above {high}, but {least} is above {most}."
    if own.percussion and not any(own.lowest <= key <= own.highest for key, _ in own.percussion):
        yield f"percussion has no key from {own.lowest} to {own.highest}; change lowest and highest, or leave them out."
    yield from part_problems(own.part, is_percussion=own.is_percussion)


def _read_controls(tables: Any, problems: list[str]) -> tuple[ControlSet, ...]:
    if not _are_tables(tables):
        problems.append("control must be a table for each command, below a line [[control]].")
        return ()
    controls: dict[object, ControlSet] = {}
    for count, table in enumerate(tables, start=1):
        if len(problems) > MOST_PROBLEMS:
            break
        where = f"[[control]] number {count}: "
        fields = _read_table(table, CONTROL_SETTINGS, where, problems)
        problems += (f"{where}{problem}" for problem in _control_problems(table, fields))
        kinds = [kind for kind in CONTROL_KINDS if kind in table]
        if len(kinds) != 1 or not {kinds[0], "does"} <= set(fields):
            continue
        number = fields.pop(kinds[0])
        event = (kinds[0], number, fields.get("channel"))
        if event in controls:
            problems.append(f"{where}{kinds[0]} {number} has another [[control]] already; keep one of them.")
        controls[event] = ControlSet(kinds[0], number, **fields)
    return tuple(controls.values())


def _control_problems(table: Mapping[str, object], fields: Mapping[str, Any]) -> Iterator[str]:
    kinds = [kind for kind in CONTROL_KINDS if kind in table]
    if len(kinds) != 1:
        lines = [f"{kind} = {CONTROL_SETTINGS[kind].kind.legal}" for kind in CONTROL_KINDS]
        yield f"it needs exactly one of the lines {', '.join(lines[:-1])} or {lines[-1]}."
    if "does" not in table:
        yield f"it needs a line does = {' or '.join(map(repr, CONTROL_SETTINGS['does'].kind.words))}."
    if kinds == ["note"] and "channel" not in table:
        yield "a note needs a line channel as well; otherwise you could not play that key on any channel."
    if kinds != ["cc"] and fields.get("does") in KNOBS:
        yield f"{fields['does']} is a knob, and only a cc can turn it."


def _are_tables(tables: object) -> bool:
    return isinstance(tables, list) and all(isinstance(table, dict) for table in tables)


def _read_table(
    table: Mapping[str, object], settings: Mapping[str, Setting], where: str, problems: list[str]
) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for key, value in table.items():
        if len(problems) > MOST_PROBLEMS:
            break
        if key not in settings:
            problems.append(f"{where}{_unknown(key, settings)}")
            continue
        try:
            fields[key] = settings[key].kind.read(value)
        except ValueError as problem:
            problems.append(f"{where}{_QUOTED.get(key, key)} {problem}")
        except Exception:  # noqa: BLE001 - whatever goes wrong in a kind, the answer is a sentence
            problems.append(f"{where}{key} cannot be {quoted(value)}.")
    return fields


def _unknown(key: str, settings: Mapping[str, Setting]) -> str:
    """What to say about a key that is not a setting here: where it belongs, or which setting may have been meant."""
    for place, others in _PLACES.items():
        if key in others:
            return f"{key} is a setting of {place}."
    known = [*settings, *(("channel", "control") if settings is SET_SETTINGS else ())]
    near = get_close_matches(key, known, n=1)
    tables = {"channel": "[[channel]]", "control": "[[control]]"} if settings is SET_SETTINGS else {}
    hint = (
        f"did you mean {tables.get(near[0], near[0])}?"
        if near
        else f"known are {shorten(', '.join(sorted(known)), _MOST_OF_A_LIST, placeholder=_LONGER)}."
    )
    return f"there is no setting {quoted_key(key)}; {hint}"
