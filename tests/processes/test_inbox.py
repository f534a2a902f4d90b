"""What waits for the engine, also for the one that steps in."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bollylive.clock.anchor import Anchor
from bollylive.midi.messages import NoteOn
from bollylive.processes.inbox import Inbox
from bollylive.protocol import Heard
from bollylive.sets.controls import Command
from bollylive.sets.settings import Set

BAND = Set(temperature=2.0)
NOTES = [Heard(NoteOn(0, 60 + i, 80), float(i), float(i)) for i in range(4)]


class Player:
    """Whoever plays by a set."""

    def __init__(self) -> None:
        self.band = BAND


def test_messages_are_given_once_and_in_order_and_wait_where_an_engine_fails() -> None:
    inbox = Inbox()
    inbox.put(NOTES[:3])
    assert next(inbox.take(Player())) == NOTES[0]
    inbox.put(NOTES[3:])
    assert len(inbox) == 3
    assert list(inbox.take(Player())) == NOTES[1:]
    assert not inbox


def test_the_set_before_a_word_is_known_while_it_is_heeded_and_no_longer() -> None:
    inbox, player = Inbox(), Player()
    inbox.put(NOTES[:2])
    messages = inbox.take(player)
    next(messages)
    player.band = replace(BAND, temperature=1.0)
    assert inbox.band == BAND
    next(messages)
    assert inbox.band == player.band
    assert list(messages) == []
    assert inbox.band is None


def test_the_newest_anchor_is_kept() -> None:
    inbox = Inbox()
    inbox.put([Anchor(0.0, 0.5, 0.0), Anchor(1.0, 0.5, 0.5), NOTES[0]])
    list(inbox.take(Player()))
    assert inbox.anchor == Anchor(1.0, 0.5, 0.5)


def test_who_steps_in_reads_up_to_what_it_will_be_told() -> None:
    inbox = Inbox()
    assert inbox.until_s(9.0) == 9.0
    inbox.put([Anchor(0.0, 0.5, 0.0), *NOTES[2:]])
    assert inbox.until_s(9.0) == 2.0
    assert inbox.until_s(1.0) == 1.0


@pytest.mark.parametrize(
    ("message", "told"),
    [
        (BAND, "cannot play by the set that was saved"),
        (Heard(Command("temperature"), 0.0, 0.0), "failed over the temperature knob"),
        (Heard(Command("again", 1), 0.0, 0.0), 'failed over the "again"'),
        (NOTES[0], None),
    ],
)
def test_what_is_left_out_is_told_if_the_musician_asked_for_it(message: object, told: str | None) -> None:
    inbox = Inbox()
    inbox.put([message])
    next(inbox.take(Player()))
    sentence = inbox.leave_out()
    assert (sentence is None) if told is None else (told in str(sentence))
    assert (inbox.band, inbox.leave_out()) == (None, None)
