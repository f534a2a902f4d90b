"""Reads a journal as far as possible: all of it, or only the end that an engine needs to go on."""

from __future__ import annotations

import json
import math
import re
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from bollylive.clock.anchor import Anchor
from bollylive.journal.checkpoint import Entry, without_repeats
from bollylive.journal.lines import VERSION, Header
from bollylive.midi.messages import ALL_NOTES_OFF, ALL_SOUND_OFF, RESET_CONTROLLERS, SUSTAIN, Event
from bollylive.midi.parser import Parser
from bollylive.protocol import EngineStatus, Sent

# What an engine needs to go on: beats, status, notes, programs, and the controllers that end or hold notes.
_CONTROLLERS: Final = b"|".join(b"%02x" % n for n in (SUSTAIN, ALL_SOUND_OFF, RESET_CONTROLLERS, ALL_NOTES_OFF))
_NEEDED: Final = re.compile(rb'^\["bea|"(?:[89c]|b.(?:%b))[0-9a-f]*"\]$' % _CONTROLLERS)
_MOST_NEEDED: Final = 10_000  # lines: the last 128 notes of sixteen busy channels, twice


@dataclass(frozen=True, slots=True)
class Journal:
    """The content of a journal, and how much of it is missing."""

    header: Header
    entries: tuple[Entry, ...]  # in the order in which they were written, without repeats
    ended: bool  # the program closed it; otherwise it was killed or is still playing
    lost: int = 0  # records that never reached the disk
    damaged_lines: int = 0
    torn_bytes: int = 0  # the bytes of a last line without its line feed


def read_journal(data: bytes) -> Journal:
    """Read all complete lines, without repeats; raises ValueError with the reason if it is not a journal."""
    *lines, torn = data.split(b"\n")
    if not lines:
        raise ValueError("it breaks off before anything was played" if data[:1] in (b"", b"{") else "it is no journal")
    header = _header(lines[0])
    entries: list[Entry] = []
    lost = damaged = 0
    ended = False
    for line in lines[1:]:
        try:
            match json.loads(line):
                case ["end"]:
                    ended = True
                case ["lost", int(records)]:
                    lost += records
                case ["log", _, str()]:
                    pass
                case record:
                    entries.append(_entry(record))
        except (ValueError, RecursionError):  # of JSON, of UTF-8, or of the record's values
            damaged += 1
    return Journal(header, tuple(without_repeats(entries)), ended, lost, damaged, len(torn))


def read_end(data: bytes) -> list[Entry]:
    """Read what an engine needs to go on from the last bytes of a journal, beginning with the first anchor.

    Beats before that anchor have no known origin. Lines that no engine needs, such as pitch bend, are skipped without
    being parsed, and damaged lines are skipped too.
    """
    lines = data.split(b"\n")[1:-1]  # the first is a header, or the rest of a line
    needed = [line for line in lines if _NEEDED.search(line)][-_MOST_NEEDED:]
    entries: list[Entry] = []
    for line in needed:
        with suppress(ValueError, RecursionError):
            entry = _entry(json.loads(line))
            if entries or isinstance(entry, Anchor):
                entries.append(entry)
    return list(without_repeats(entries))


def _header(line: bytes) -> Header:
    try:
        match json.loads(line):
            case {"journal": "bollylive", "version": int(version)} if version > VERSION:
                raise ValueError(f"its version {version} is newer than this program's {VERSION}; update BollyLive")
            case {
                "journal": "bollylive",
                "started": str(started),
                "set": str(name),
                "names": dict(names),
                "beats_per_bar": int(beats),
            } if beats > 0:
                channels = {int(channel): str(text) for channel, text in names.items()}
                return Header(started, name, channels, beats)
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError):
        pass
    raise ValueError("it is no journal")


def _entry(record: Any) -> Entry:
    match record:
        case ["musician" | "model" as by, at_s, beat, str(message)]:
            return Sent(_event(bytes.fromhex(message)), by, _number(at_s), _number(beat))
        case ["beat", beat, rate_s, at_s, running, int(epoch), followed, *bar] if _number(rate_s) > 0 and len(bar) < 2:
            bar_beat = _number(bar[0]) if bar else None
            return Anchor(_number(beat), rate_s, _number(at_s), running == 1, epoch, followed == 1, bar_beat)
        case ["bearing", zero_beats, awake]:
            return EngineStatus(_number(zero_beats), awake == 1)
    raise ValueError("an unknown record")


def _event(message: bytes) -> Event:
    (event,) = Parser().feed(message)
    return event


def _number(value: Any) -> float:
    with suppress(OverflowError):  # an integer of hundreds of digits
        if isinstance(value, int | float) and math.isfinite(value):
            return float(value)
    raise ValueError("not a number")
