"""A performance as lines of text, and back: what a journal holds, and what can be read of one that broke off.

One record is one line of JSON, ended by a line feed, so that a journal cut at any byte is whole up to the line
before. The first line tells what the others are:

    {"journal": "bollylive", "version": 1, "started": "2025-06-01T20:15:03+0530",
     "set": "Wedding", "names": {"0": "Melody"}, "beats_per_bar": 4}
    ["beat", beat, seconds_per_beat, at_s, running, epoch, followed]    an `Anchor`, before what is played under it;
                                                                        at the end its `bar_beat`, if there is one
    ["musician", at_s, beat, "903c64"]                                  what they played: a MIDI message in hex
    ["model", at_s, beat, "81282a"]                                     what the model played
    ["bearing", zero_beats, awake]                                      a `EngineStatus`: where bars begin, for an
    engine
    ["lost", n]                                                         here n records are missing
    ["end"]                                                             the program ended as it should

Channels in `names` are 0-15; `at_s` are the seconds of one clock, which begins anywhere; `running`, `followed`
and `awake` are 0 or 1. SysEx is left out: it may be long, and is no music. Numbers have six decimals, tempos nine.
What stands is written again from time to time, word for word: see `standing`.

Source: JSON Lines (jsonlines.org); the messages are those of the MIDI 1.0 Detailed Specification.
"""

from __future__ import annotations

import json
import math
import re
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from bollylive.clock.anchor import Anchor
from bollylive.journal.checkpoint import Word, news
from bollylive.midi.messages import ALL_NOTES_OFF, ALL_SOUND_OFF, RESET_CONTROLLERS, SUSTAIN, Event, Player, Raw
from bollylive.midi.parser import Parser, to_bytes
from bollylive.protocol import EngineStatus, Sent

VERSION: Final = 1
END: Final = b'["end"]\n'

_PLAYERS: Final[tuple[Player, ...]] = ("musician", "model")
_LONGEST_MESSAGE: Final = 3  # bytes: all but SysEx

# What an engine needs to go on: beats, bearings, notes, programs, and the controllers that end or hold notes.
_CONTROLLERS: Final = b"|".join(b"%02x" % n for n in (SUSTAIN, ALL_SOUND_OFF, RESET_CONTROLLERS, ALL_NOTES_OFF))
_NEEDED: Final = re.compile(rb'^\["bea|"(?:[89c]|b.(?:%b))[0-9a-f]*"\]$' % _CONTROLLERS)
_MOST_NEEDED: Final = 10_000  # lines: the last 128 notes of sixteen busy channels, twice


@dataclass(frozen=True, slots=True)
class Header:
    """What a journal says of itself before anything is played."""

    started: str = ""  # the wall clock's date and time, ISO 8601
    set_name: str = ""
    names: dict[int, str] = field(default_factory=dict)  # of the channels 0-15
    beats_per_bar: int = 4


@dataclass(frozen=True, slots=True)
class Journal:
    """What could be read of a journal, and what could not."""

    header: Header
    words: tuple[Word, ...]  # in the order in which they were written
    ended: bool  # the program closed it; otherwise it was killed, or still plays
    lost: int = 0  # records that never reached the disk
    damaged_lines: int = 0
    torn_bytes: int = 0  # of a last line that was cut


def header_line(header: Header) -> bytes:
    """The first line."""
    fields = {
        "journal": "bollylive",
        "version": VERSION,
        "started": header.started,
        "set": header.set_name,
        "names": {str(channel): name for channel, name in header.names.items()},
        "beats_per_bar": header.beats_per_bar,
    }
    return json.dumps(fields).encode("ascii") + b"\n"


def sent_line(sent: Sent) -> bytes:
    """The line of what was played; empty for SysEx."""
    if isinstance(sent.event, Raw) and len(sent.event.data) > _LONGEST_MESSAGE:
        return b""
    return b'["%b",%.6f,%.6f,"%b"]\n' % (
        sent.by.encode("ascii"),
        sent.at_s,
        sent.beat,
        to_bytes(sent.event).hex().encode("ascii"),
    )


def anchor_line(anchor: Anchor) -> bytes:
    """The line of a new tempo, a stop, or a jump."""
    return b'["beat",%.6f,%.9f,%.6f,%d,%d,%d%b]\n' % (
        anchor.beat,
        anchor.seconds_per_beat,
        anchor.at_s,
        anchor.running,
        anchor.epoch,
        anchor.followed,
        b"" if anchor.bar_beat is None else b",%.6f" % anchor.bar_beat,
    )


def bearing_line(bearing: EngineStatus) -> bytes:
    """The line of where bars begin from here on, and of whether the band plays."""
    return b'["bearing",%.6f,%d]\n' % (bearing.zero_beats, bearing.awake)


def line_of(word: Word) -> bytes:
    """The line of any word; empty where it has none."""
    if isinstance(word, Sent):
        return sent_line(word)
    return anchor_line(word) if isinstance(word, Anchor) else bearing_line(word)


def lost_line(records: int) -> bytes:
    """The line that stands where so many records are missing."""
    return b'["lost",%d]\n' % records


def read_journal(data: bytes) -> Journal:
    """Read all whole lines, but once what was said again; raises ValueError, with the reason, if it is no journal."""
    *lines, torn = data.split(b"\n")
    if not lines:
        raise ValueError("it breaks off before anything was played" if data[:1] in (b"", b"{") else "it is no journal")
    header = _header(lines[0])
    words: list[Word] = []
    lost = damaged = 0
    ended = False
    for line in lines[1:]:
        try:
            match json.loads(line):
                case ["end"]:
                    ended = True
                case ["lost", int(records)]:
                    lost += records
                case record:
                    words.append(_word(record))
        except (ValueError, RecursionError):  # of JSON, of UTF-8, or of what the record says
            damaged += 1
    return Journal(header, tuple(news(words)), ended, lost, damaged, len(torn))


def read_end(data: bytes) -> list[Word]:
    """The words of the last bytes of a journal that an engine needs to go on, from the first anchor on.

    That is where what stands begins to be known; before it, nobody knows whose beats the notes are in. Lines that no
    engine needs, such as those of a wheel, are left out unread, and so are those that cannot be read.
    """
    lines = data.split(b"\n")[1:-1]  # the first is a header, or the rest of a line
    needed = [line for line in lines if _NEEDED.search(line)][-_MOST_NEEDED:]
    words: list[Word] = []
    for line in needed:
        with suppress(ValueError, RecursionError):
            word = _word(json.loads(line))
            if words or isinstance(word, Anchor):
                words.append(word)
    return list(news(words))


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


def _word(record: Any) -> Word:
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
    with suppress(OverflowError):  # of a whole number of hundreds of digits
        if isinstance(value, int | float) and math.isfinite(value):
            return float(value)
    raise ValueError("not a number")
