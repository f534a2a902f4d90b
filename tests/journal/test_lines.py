"""The lines of a journal: what is written can be read, however much of it is left."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from journals import Journal, read_journal

from bollylive.clock.anchor import Anchor
from bollylive.journal.checkpoint import without_repeats
from bollylive.journal.lines import END, Header, anchor_line, header_line, lost_line, sent_line
from bollylive.journal.reader import read_end
from bollylive.midi.messages import Control, NoteOff, NoteOn, Program, Raw
from bollylive.protocol import Sent

HEADER = Header("2025-06-01T20:15:03+0530", "Hochzeit – शादी", {0: "Bānsurī", 9: "Tabla"}, 7)
ENTRIES: list[Sent | Anchor] = [
    Anchor(0.0, 0.625, 12.5),
    Sent(NoteOn(0, 60, 100), "musician", 12.6, 0.16),
    Sent(NoteOn(9, 38, 1), "model", 12.75, 0.4),
    Sent(Control(0, 64, 127), "musician", 12.8, 0.48),
    Sent(Raw(b"\xe0\x00\x50"), "musician", 12.85, 0.56),
    Sent(NoteOff(9, 38, 64), "model", 12.9, 0.64),
    Anchor(4.0, 0.5, 13.0, running=False, epoch=3, followed=True),
    Anchor(4.25, 0.5, 13.25, bar_beat=1.5),
    Sent(Program(15, 127), "model", 13.5, 4.0),
    Sent(NoteOff(0, 60, 0), "musician", 13.6, 4.0),
]


def line(entry: Sent | Anchor) -> bytes:
    return sent_line(entry) if isinstance(entry, Sent) else anchor_line(entry)


FILE = header_line(HEADER) + b"".join(line(entry) for entry in ENTRIES) + END


def test_what_was_written_is_read_again() -> None:
    assert read_journal(FILE) == Journal(HEADER, tuple(ENTRIES), ended=True)


def test_every_line_is_json() -> None:
    assert all(json.loads(record) for record in FILE.splitlines())
    assert FILE.isascii()


@pytest.mark.parametrize("cut", range(len(FILE)))
def test_a_journal_cut_at_any_byte_is_read_up_to_the_line_before(cut: int) -> None:
    whole_lines = FILE[:cut].count(b"\n")
    if whole_lines == 0:
        with pytest.raises(ValueError, match="before anything was played"):
            read_journal(FILE[:cut])
        return
    journal = read_journal(FILE[:cut])
    assert journal.header == HEADER
    assert journal.entries == tuple(ENTRIES[: whole_lines - 1])
    assert journal.torn_bytes == cut - FILE[:cut].rindex(b"\n") - 1
    assert not journal.ended
    assert journal.damaged_lines == 0


_times = st.floats(0, 1e6).map(lambda seconds: round(seconds, 6))
_events = (
    st.builds(NoteOn, st.integers(0, 15), st.integers(0, 127), st.integers(1, 127))
    | st.builds(NoteOff, st.integers(0, 15), st.integers(0, 127), st.integers(0, 127))
    | st.builds(Control, st.integers(0, 15), st.integers(0, 127), st.integers(0, 127))
    | st.builds(Program, st.integers(0, 15), st.integers(0, 127))
)
_entries = st.builds(Sent, _events, st.sampled_from(["musician", "model"]), _times, _times) | st.builds(
    *(Anchor, _times, st.floats(0.1, 3).map(lambda beat: round(beat, 9)), _times),
    *(st.booleans(), st.integers(0, 99), st.booleans(), st.none() | _times),
)


@given(st.lists(_entries, max_size=20), st.data())
def test_whatever_bytes_are_damaged_the_lines_around_them_are_read(
    entries: list[Sent | Anchor], data: st.DataObject
) -> None:
    lines = [line(entry) for entry in entries]
    assert read_journal(header_line(HEADER) + b"".join(lines)).entries == tuple(without_repeats(entries))
    if lines:
        bad = data.draw(st.integers(0, len(lines) - 1))
        lines[bad] = data.draw(st.binary(max_size=40)).replace(b"\n", b"\0").replace(b"[", b"\xff") + b"\n"
        journal = read_journal(header_line(HEADER) + b"".join(lines))
        assert journal.entries == tuple(without_repeats([*entries[:bad], *entries[bad + 1 :]]))
        assert journal.damaged_lines == 1


@pytest.mark.parametrize(
    "record",
    [
        *('["model",1.0,2.0,"90"]', '["model",1.0,2.0,"903c64803c00"]', '["model",1.0,2.0,"xy"]'),
        *('["model",NaN,2.0,"903c64"]', '["model",1.0,1e999,"903c64"]', '["model","1",2.0,"903c64"]'),
        *('["audience",1.0,2.0,"903c64"]', '["beat",0,0,0,1,0,0]', '["beat",0,0.5]', '["lost","x"]', "{}", "7", ""),
        "[" * 100_000,
    ],
    ids=lambda record: record[:30],
)
def test_a_record_that_makes_no_sense_is_left_out_and_counted(record: str) -> None:
    journal = read_journal(header_line(HEADER) + record.encode() + b"\n" + line(ENTRIES[1]))
    assert (journal.entries, journal.damaged_lines) == ((ENTRIES[1],), 1)


def test_what_was_lost_is_counted() -> None:
    assert read_journal(header_line(HEADER) + lost_line(3) + lost_line(4)).lost == 7


def test_sysex_is_left_out() -> None:
    assert sent_line(Sent(Raw(b"\xf0" + bytes(1000) + b"\xf7"), "musician", 0.0, 0.0)) == b""


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "breaks off before anything"),
        (b"MThd\x00\x00", "no journal"),
        (b"MThd\n", "no journal"),
        (b"\xff\xfe\n", "no journal"),
        (b"[]\n", "no journal"),
        (b'{"journal": "bollylive"}\n', "no journal"),
        (header_line(HEADER).replace(b'"beats_per_bar": 7', b'"beats_per_bar": 0'), "no journal"),
        (header_line(HEADER).replace(b'"version": 1', b'"version": 2'), "version 2 is newer"),
    ],
)
def test_a_file_that_is_no_journal_is_refused_with_the_reason(data: bytes, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        read_journal(data)


def test_a_number_of_hundreds_of_digits_is_a_damaged_line() -> None:
    line = b'["musician",1' + b"0" * 400 + b',0.0,"903c64"]\n'
    assert read_journal(header_line(Header()) + line).damaged_lines == 1
    assert read_end(b"\n" + line) == []
