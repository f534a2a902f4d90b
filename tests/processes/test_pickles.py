"""A message is the same on the other side of a pipe, and comes as its class and its values."""

from __future__ import annotations

import pickle
import pickletools

import pytest

from bollylive.clock.anchor import Anchor
from bollylive.midi.messages import Control, Note, NoteOff, NoteOn, Program, Tempo
from bollylive.processes.pickles import FREQUENT
from bollylive.protocol import Heard, Move, Play, Release, Sent

MESSAGES = (
    Anchor(3.0, 0.5, 1.5, epoch=2),
    Heard(NoteOn(0, 60, 90), 1.5, 3.0),
    Heard(Tempo(98.0), 1.5, 3.0),
    Play(Note(1, 60, 80, 4.0, None), 2),
    Move(1, 60, 5.0, Note(1, 62, 60, 5.0, 1.0), 2),
    Release(3, 0.5),
    Sent(Control(1, 64, 127), "musician", 1.0, 2.0, 0.001, 3),
    Sent(NoteOff(1, 60), "model", 1.0, 2.0),
    Sent(Program(1, 33), "model", 1.0, 2.0),
)


@pytest.mark.parametrize("message", MESSAGES, ids=str)
def test_a_frequent_message_survives_and_sets_no_field_by_name(message: object) -> None:
    data = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
    assert pickle.loads(data) == message
    assert not any(operation.name == "BUILD" for operation, _, _ in pickletools.genops(data))


def test_every_frequent_kind_is_tried() -> None:
    tried: set[type[object]] = {type(message) for message in MESSAGES}
    tried |= {type(message.event) for message in MESSAGES if isinstance(message, Heard | Sent)}
    tried |= {type(message.note) for message in MESSAGES if isinstance(message, Play)}
    assert tried == set(FREQUENT)
