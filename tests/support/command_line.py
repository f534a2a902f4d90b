"""What the tests of the command line share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import mido

from bollylive.journal.lines import Header, header_line, sent_line
from bollylive.midi.messages import NoteOn
from bollylive.protocol import Sent

Call: TypeAlias = Callable[..., tuple[int, str, str]]  # the fixture `call`

ROOT = Path(__file__).parents[2]
NO_SERVER = {"JACK_DEFAULT_SERVER": "nobody-is-here", "JACK_NO_START_SERVER": "1"}
ALSA_SEQUENCER = Path("/dev/snd/seq")
JOURNAL = header_line(Header()) + sent_line(Sent(NoteOn(0, 60, 90), "musician", 1.0, 0.0))


def sentence(err: str) -> str:
    """The one line that a command which fails leaves."""
    lines = err.splitlines()
    assert len(lines) == 1, err
    assert lines[0].startswith("bollylive: ")
    return lines[0]


def tracks_of(path: Path) -> list[str]:
    """The names of a file's tracks, without the first, which holds only the tempo."""
    return [track.name for track in mido.MidiFile(path).tracks[1:]]
