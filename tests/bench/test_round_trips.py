"""Round trips: which answer counts."""

from __future__ import annotations

from fakes import FakePredictor, ons

from bollylive.bench.round_trips import PANIC, first
from bollylive.midi.messages import NoteOn
from bollylive.midi.parser import Parser
from bollylive.offline import OfflineBand
from bollylive.sets.settings import ChannelSet, Set

ON, OTHER = [0x90, 64, 90], [0x91, 40, 80]


def test_only_the_first_wanted_answer_counts() -> None:
    answers = [(0.5, ON), (1.0, OTHER), (2.0, OTHER)]
    assert first(answers, lambda data: data == OTHER) == [1.0]
    assert first(answers, lambda data: data[0] == 0x80) == []
    assert first([], lambda data: data == ON) == []


def test_between_the_trials_the_band_is_put_to_sleep_so_that_it_answers_the_next_note_at_once() -> None:
    band = Set(channels=(ChannelSet(0, role="continue"), ChannelSet(9, role="accompany")))
    offline = OfflineBand(band, FakePredictor(), seed=1)
    for at_s in (1.0, 1.3, 1.6):
        offline.play(NoteOn(0, 64, 90), at_s)
        offline.advance(at_s + 0.001)
        assert [note.channel for sent, note in ons(offline.sent) if sent.at_s >= at_s] == [9]
        offline.advance(at_s + 0.1)
        parser = Parser()
        for event in parser.feed(b"".join([bytes((0x80, 64, 0)), *PANIC])):
            offline.play(event, offline.now_s)
        assert not offline.engine.status.awake
