"""The format of a journal: entries as lines of JSON; `reader` reads them back.

Each record is one line that ends in a line feed, so a journal that is cut at any byte is complete up to the line
before. The first line is the header:

    {"journal": "bollylive", "version": 1, "started": "2025-06-01T20:15:03+0530",
     "set": "Wedding", "names": {"0": "Melody"}, "beats_per_bar": 4}
    ["beat", beat, seconds_per_beat, at_s, running, epoch, followed]    an `Anchor`, before what is played under it;
                                                                        its `bar_beat` comes last, if it has one
    ["musician", at_s, beat, "903c64"]                                  a MIDI message of the musician's, in hex
                                                                        on a member channel of an MPE zone, the channel
                                                                        of the player comes last
    ["model", at_s, beat, "81282a"]                                     a MIDI message of the model's
    ["bearing", zero_beats, awake]                                      an `EngineStatus`; the first beat and the word
                                                                        of its `chord` come last, if it has one
    ["lost", n]                                                         n records are missing here
    ["log", at_s, "The MIDI clock leads."]                              what was said, or written on standard error
    ["end"]                                                             the program closed the journal

Channels in `names` are 0-15. All `at_s` are seconds of one clock with an arbitrary zero. `running`, `followed` and
`awake` are 0 or 1. SysEx is left out: it may be long, and it is no music. Numbers have six decimals, tempos nine.
From time to time the current state is repeated, see `checkpoint`.

Source: JSON Lines (jsonlines.org); the messages are those of the MIDI 1.0 Detailed Specification.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Final

from bollylive.clock.anchor import Anchor
from bollylive.journal.checkpoint import Entry
from bollylive.midi.parser import to_bytes
from bollylive.protocol import EngineStatus, Sent, is_recorded

VERSION: Final = 1
END: Final = b'["end"]\n'
NO_RECORDS: Final = (b'["end"', b'["log"')  # lines that begin so hold nothing that was played


@dataclass(frozen=True, slots=True)
class Header:
    """The first line of a journal."""

    started: str = ""  # date and time of the wall clock, ISO 8601
    set_name: str = ""
    names: dict[int, str] = field(default_factory=dict)  # by channel 0-15
    beats_per_bar: float = 4


def header_line(header: Header) -> bytes:
    """Return the first line."""
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
    """Return the line of a message that was played; empty if journals do not record it."""
    if not is_recorded(sent.event):
        return b""
    return b'["%b",%.6f,%.6f,"%b"%b]\n' % (
        sent.by.encode("ascii"),
        sent.at_s,
        sent.beat,
        to_bytes(sent.event).hex().encode("ascii"),
        b"" if sent.part is None else b",%d" % sent.part,
    )


def anchor_line(anchor: Anchor) -> bytes:
    """Return the line of a new tempo, a stop, or a jump."""
    return b'["beat",%.6f,%.9f,%.6f,%d,%d,%d%b]\n' % (
        anchor.beat,
        anchor.seconds_per_beat,
        anchor.at_s,
        anchor.running,
        anchor.epoch,
        anchor.followed,
        b"" if anchor.bar_beat is None else b",%.6f" % anchor.bar_beat,
    )


def status_line(status: EngineStatus) -> bytes:
    """Return the line of the engine's status from here on."""
    chord = b"" if status.chord is None else b",%.6f,%d" % status.chord
    return b'["bearing",%.6f,%d%b]\n' % (status.zero_beats, status.awake, chord)


def log_line(text: str, at_s: float) -> bytes:
    """Return the line of a text that is no music: what the musician was told, or what a library wrote."""
    return b'["log",%.6f,%b]\n' % (at_s, json.dumps(text).encode("ascii"))


def line_of(entry: Entry) -> bytes:
    """Return the line of any entry; empty if it has none."""
    if isinstance(entry, Sent):
        return sent_line(entry)
    return anchor_line(entry) if isinstance(entry, Anchor) else status_line(entry)


def lost_line(records: int) -> bytes:
    """Return the line that stands for missing records."""
    return b'["lost",%d]\n' % records
