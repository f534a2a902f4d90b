"""Reads a journal as far as possible: all of it, or only the end that an engine needs to go on."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from typing import Any, BinaryIO, Final

from bollylive.clock.anchor import Anchor
from bollylive.errors import quoted
from bollylive.journal.checkpoint import Entry, without_repeats
from bollylive.journal.lines import VERSION, Header
from bollylive.journal.tempo_map import LONGEST_BEAT_S, SHORTEST_BEAT_S
from bollylive.midi.messages import ALL_NOTES_OFF, ALL_SOUND_OFF, RESET_CONTROLLERS, SUSTAIN, Event, Player
from bollylive.midi.parser import Parser
from bollylive.protocol import EngineStatus, Sent
from bollylive.sets.settings import MOST_BEATS_PER_BAR

# What an engine needs to go on: beats, status, notes, programs, and the controllers that end or hold notes.
_CONTROLLERS: Final = b"|".join(b"%02x" % n for n in (SUSTAIN, ALL_SOUND_OFF, RESET_CONTROLLERS, ALL_NOTES_OFF))
_NEEDED: Final = re.compile(rb'^\["bea|"(?:[89c]|b.(?:%b))[0-9a-f]*"\]$' % _CONTROLLERS)
MOST_LINE_BYTES: Final = 2**16  # real ones have about 60, and sentences of the log a few hundred
# A message that was played, as `lines.sent_line` writes it. Nearly all lines are such, and as JSON take thrice as long.
_SENT: Final = re.compile(rb'\["(musician|model)",(-?\d{1,12}\.\d{6}),(-?\d{1,9}\.\d{6}),"([0-9a-f]{2,6})"\]\n')
_PLAYERS: Final[dict[bytes, Player]] = {b"musician": "musician", b"model": "model"}
_MOST_CHORD: Final = 999  # words of chords that later versions may have
_MOST_BEATS, _MOST_SECONDS = 1e9, 1e12  # months and ages of any machine
_MOST_KNOWN: Final = 2**15  # messages
_FEWEST_BEATS: Final = 0.25  # of a bar
_MOST_LOST: Final = 10**12
_MOST_CHARACTERS: Final = 200  # of a name
_MOST_NEEDED: Final = 10_000  # lines: the last 128 notes of sixteen busy channels, twice


class EntryStream:
    """The entries of a journal, one after another and without repeats, so that a long one needs no memory.

    `file` is open at the beginning of the journal. Iterate once, and then see how much is missing. Raises ValueError
    with the reason if it is not a journal, and OSError. Blocks.
    """

    def __init__(self, file: BinaryIO) -> None:
        self.ended = False  # the program closed the journal; otherwise it was killed, or is still playing
        self.lost = 0  # records that never reached the disk
        self.torn_bytes = 0  # of a last line without its line feed
        self._file = file
        first = file.readline(MOST_LINE_BYTES)
        if not first.endswith(b"\n"):
            raise ValueError(
                "it breaks off before anything was played" if first[:1] in (b"", b"{") else "it is no journal"
            )
        self.header, self.damaged_lines = _header(first)

    def __iter__(self) -> Iterator[Entry]:
        """Yield the entries up to the last complete line."""
        return without_repeats(self._entries())

    def _entries(self) -> Iterator[Entry]:
        while line := self._file.readline(MOST_LINE_BYTES):
            if not line.endswith(b"\n"):
                self._skip(len(line))
                continue
            try:
                if sent := _SENT.fullmatch(line):
                    by, at_s, beat, message = sent.groups()
                    yield Sent(_event(message.decode()), _PLAYERS[by], float(at_s), float(beat))
                    continue
                match json.loads(line):
                    case ["end"]:
                        self.ended = True
                    case ["lost", int(records)] if 0 <= records <= _MOST_LOST:
                        self.lost += records
                    case ["log", _, str()]:
                        pass
                    case record:
                        yield _entry(record)
            except (ValueError, RecursionError):  # of JSON, of UTF-8, or of the record's values
                self.damaged_lines += 1

    def _skip(self, torn_bytes: int) -> None:
        """Skip the rest of a line that is too long, or that is the last one and breaks off."""
        while rest := self._file.readline(MOST_LINE_BYTES):
            if rest.endswith(b"\n"):
                self.damaged_lines += 1
                return
            torn_bytes += len(rest)
        self.torn_bytes = torn_bytes


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


def _header(line: bytes) -> tuple[Header, int]:
    """Return the header, and how many of its values make no sense and are replaced by the usual ones."""
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError):
        fields = None
    match fields:
        case {"journal": "bollylive", "version": int(version)} if version > VERSION:
            raise ValueError(f"its version {quoted(version)} is newer than this program's {VERSION}; update BollyLive")
        case {
            "journal": "bollylive",
            "started": str(started),
            "set": str(name),
            "names": dict(names),
            "beats_per_bar": int(beats) | float(beats),
        } if beats > 0:
            channels = {channel: _text(names[str(channel)]) for channel in range(16) if str(channel) in names}
            is_legal = _FEWEST_BEATS <= beats <= MOST_BEATS_PER_BAR
            return Header(_text(started), _text(name), channels, beats if is_legal else 4), int(not is_legal)
    raise ValueError("it is no journal")


def _entry(record: Any) -> Entry:
    match record:
        case ["musician" | "model" as by, at_s, beat, str(message), *part] if len(part) < 2:
            player = _channel(part[0]) if part else None
            return Sent(_event(message), by, _number(at_s, _MOST_SECONDS), _number(beat, _MOST_BEATS), part=player)
        case ["beat", beat, rate_s, at_s, running, int(epoch), followed, *bar] if len(bar) < 2:
            bar_beat = _number(bar[0], _MOST_BEATS) if bar else None
            beat_s = _number(rate_s, LONGEST_BEAT_S)
            if beat_s < SHORTEST_BEAT_S:
                raise ValueError("not a tempo")
            at = _number(beat, _MOST_BEATS), beat_s, _number(at_s, _MOST_SECONDS)
            return Anchor(*at, running == 1, epoch, followed == 1, bar_beat)
        case ["bearing", zero_beats, awake]:
            return EngineStatus(_number(zero_beats, _MOST_BEATS), awake == 1)
        case ["bearing", zero_beats, awake, chord_beat, int(chord)] if 0 <= chord <= _MOST_CHORD:
            stands = _number(chord_beat, _MOST_BEATS), chord
            return EngineStatus(_number(zero_beats, _MOST_BEATS), awake == 1, stands)
    raise ValueError("an unknown record")


@lru_cache(maxsize=_MOST_KNOWN)
def _event(message: str) -> Event:
    """Return the event of a message in hex; most messages of a long journal are repetitions."""
    (event,) = Parser().feed(bytes.fromhex(message))
    return event


def _number(value: Any, most: float) -> float:
    """Return a number between -most and most; raises ValueError for anything else."""
    if type(value) in (int, float) and -most <= value <= most:
        return float(value)
    raise ValueError("not a number that a performance reaches")


def _channel(value: Any) -> int:
    """Return a channel 0-15; raises ValueError for anything else."""
    if type(value) is int and 0 <= value < 16:
        return value
    raise ValueError("not a channel")


def _text(value: Any) -> str:
    """Return the text of a name, without what UTF-8 and a MIDI file cannot hold."""
    return str(value)[:_MOST_CHARACTERS].encode("utf-8", "replace").decode("utf-8")
