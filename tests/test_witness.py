"""What a port process would leave behind."""

from __future__ import annotations

from bollylive.band import ChannelSet, Set
from bollylive.duty import Legacy
from bollylive.note import Anchor, Control, NoteOff, NoteOn, Raw, Sent
from bollylive.witness import Witness

ANCHOR = Anchor(4.0, 0.5, 1.0)
BAND = Set(channels=(ChannelSet(0, "Flute"), ChannelSet(1, "Bass"), ChannelSet(2, "Violin", thru=False)))


def witness_of(*words: Sent | Anchor) -> Witness:
    witness = Witness(BAND)
    for word in words:
        witness.see(word)
    return witness


def test_what_sounds_is_left_and_what_ended_long_ago_is_not() -> None:
    on, off = Sent(NoteOn(0, 64, 90), "musician", 1.0, 4.0), Sent(NoteOff(0, 64), "musician", 2.0, 6.0)
    bass = Sent(NoteOn(1, 40, 80), "model", 12.5, 24.0)
    witness = witness_of(ANCHOR, on, off, bass)
    assert witness.legacy == Legacy(ANCHOR, ((1, 40, "model"),), (0, 1))
    assert witness.holds_notes


def test_what_has_just_ended_is_ended_once_more_since_nobody_knows_whether_that_was_heard() -> None:
    on, off = Sent(NoteOn(0, 64, 90), "musician", 1.0, 4.0), Sent(NoteOff(0, 64), "musician", 2.0, 6.0)
    witness = witness_of(ANCHOR, on, off, Sent(NoteOn(1, 40, 80), "model", 11.5, 23.0))
    assert witness.legacy == Legacy(ANCHOR, ((0, 64, "musician"), (1, 40, "model")), (0, 1))
    assert not witness_of(ANCHOR, on, off).holds_notes


def test_the_last_anchor_counts_and_without_one_there_is_no_legacy() -> None:
    later = Anchor(8.0, 0.5, 3.0)
    assert witness_of(ANCHOR, later).legacy == Legacy(later)
    assert witness_of().legacy is None


def test_who_sounds_elsewhere_leaves_nothing_but_the_model_on_that_channel_does() -> None:
    own = Sent(NoteOn(2, 64, 90), "musician", 1.0, 4.0)
    assert witness_of(ANCHOR, own).legacy == Legacy(ANCHOR)
    answer = Sent(NoteOn(2, 67, 90), "model", 2.0, 6.0)
    assert witness_of(ANCHOR, own, answer).legacy == Legacy(ANCHOR, ((2, 67, "model"),), (2,))


def test_channels_are_used_by_controls_too_but_not_by_raw_bytes() -> None:
    words = (Sent(Control(0, 7, 99), "musician", 1.0, 4.0), Sent(Raw(b"\xe1\x00\x40"), "musician", 1.0, 4.0))
    assert witness_of(ANCHOR, *words).legacy == Legacy(ANCHOR, (), (0,))
