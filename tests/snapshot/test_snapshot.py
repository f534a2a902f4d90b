"""The content of a snapshot, and that taking one changes nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import FrozenInstanceError, fields
from typing import Any

import pytest
from fakes import FakePredictor, ons

from bollylive.midi.messages import Control, Note, NoteOff, NoteOn, Program, Start
from bollylive.model.codec import PERCUSSION
from bollylive.offline import OfflineBand
from bollylive.sets.control_set import ControlSet
from bollylive.sets.settings import ChannelSet, Set
from bollylive.snapshot.encoding import decode, encode
from bollylive.snapshot.format import NEWEST_NOTES, KnobSnapshot, PartSnapshot, Snapshot, Vitals

CHANNELS = (
    ChannelSet(0, "Flute", "continue", 73),
    ChannelSet(1, "Bass", "accompany", 33),
    ChannelSet(2, "Voice", "player"),
    ChannelSet(9, "Drums", "accompany", entry_bars=64),
)


def band(model: FakePredictor | None = None, horizon_beats: float = 0.0) -> OfflineBand:
    """In 120 beats per minute, a band whose model plays every half beat."""
    trio = Set(name="Trio", tempo_bpm=120, channels=CHANNELS, horizon_beats=horizon_beats)
    return OfflineBand(trio, model or FakePredictor(), 1)


def parts(offline: OfflineBand) -> dict[str, PartSnapshot]:
    return {part.name: part for part in offline.engine.snapshot(offline.now_s).parts}


@pytest.mark.parametrize("snapshot", [Snapshot("", 0, 0, True, True, (), 0, 0), Vitals()])
def test_a_snapshot_is_frozen_and_slotted(snapshot: Snapshot | Vitals) -> None:
    with pytest.raises(FrozenInstanceError):
        setattr(snapshot, fields(snapshot)[0].name, "changed")
    assert not hasattr(snapshot, "__dict__")


def test_before_anybody_plays_all_parts_are_there_and_nobody_is_playing() -> None:
    offline = band()
    offline.advance(3.0)
    snapshot = offline.engine.snapshot(3.0)
    assert (snapshot.name, snapshot.bpm, snapshot.running, snapshot.awake) == ("Trio", 120, True, False)
    assert snapshot.beat == pytest.approx(6.0)
    assert [(part.channel, part.name, part.role, part.instrument) for part in snapshot.parts] == [
        (0, "Flute", "continue", 73),
        (1, "Bass", "accompany", 33),
        (2, "Voice", "player", 0),
        (9, "Drums", "accompany", PERCUSSION),
    ]
    assert all(part.word is None and part.ahead == 0 and part.newest == () for part in snapshot.parts)


def test_it_tells_who_is_playing_and_how_much_is_planned() -> None:
    offline = band(horizon_beats=1.5)
    offline.play(NoteOn(0, 60, 100), 1.0)
    offline.play(NoteOff(0, 60), 1.2)
    offline.advance(1.5)
    shown = parts(offline)
    assert {name: part.word for name, part in shown.items()} == {
        "Flute": "musician",
        "Bass": "model",
        "Voice": None,
        "Drums": "model",
    }
    assert shown["Bass"].ahead > 0
    offline.advance(4.0)  # two beats of silence are over
    assert parts(offline)["Flute"].word == "model"
    offline.play(NoteOn(0, 62, 100), 4.1)
    assert parts(offline)["Flute"].word == "musician"


def test_the_newest_notes_are_those_that_were_played_in_beats() -> None:
    offline = band()
    offline.play(NoteOn(0, 60, 100), 1.0)
    offline.play(NoteOff(0, 60), 1.25)
    offline.play(NoteOn(0, 64, 90), 1.5)
    offline.advance(30.0)
    shown = parts(offline)
    assert shown["Flute"].newest == (Note(0, 60, 100, 2.0, 0.5), Note(0, 64, 90, 3.0, None))
    assert len(shown["Bass"].newest) == NEWEST_NOTES
    heard = [message.beat for message, _ in ons(offline.sent, 1)]
    newest = [note.onset_beats for note in shown["Bass"].newest if note.onset_beats <= heard[-1]]
    assert newest == pytest.approx(heard[-len(newest) :])


def test_a_program_change_a_failure_and_a_standstill_are_seen() -> None:
    model = FakePredictor()
    offline = band(model)
    offline.play(Program(1, 40), 0.5)
    model.failures = 1
    offline.play(NoteOn(0, 60, 100), 1.0)
    offline.advance(2.0)
    snapshot = offline.engine.snapshot(2.0)
    assert parts(offline)["Bass"].instrument == 40
    assert snapshot.failures == 1
    offline.play(Start(), 3.0)
    snapshot = offline.engine.snapshot(3.5)
    assert (snapshot.beat, snapshot.running, snapshot.awake) == (0.0, False, False)


def test_a_snapshot_can_cross_processes_and_becomes_json() -> None:
    offline = band()
    offline.play(NoteOn(0, 60, 100), 1.0)
    offline.advance(3.0)
    snapshot = offline.engine.snapshot(3.0)
    assert decode(encode(snapshot)) == snapshot
    assert json.loads(encode(snapshot))["parts"][0]["newest"][0]["pitch"] == 60


def without(fields: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if key != name}


@pytest.mark.parametrize(
    "change",
    [
        lambda fields: without(fields, "beat"),
        lambda fields: fields | {"beat": "soon"},
        lambda fields: fields | {"failures": True},
        lambda fields: fields | {"parts": {}},
        lambda fields: fields | {"parts": [fields["parts"][0] | {"role": "soloist"}]},
        lambda fields: fields | {"vitals": None},
        lambda _: [],
    ],
)
def test_a_message_that_is_no_snapshot_is_refused(change: Callable[[dict[str, Any]], object]) -> None:
    fields = json.loads(encode(band().engine.snapshot(0.0)))
    with pytest.raises(ValueError, match="not a"):
        decode(json.dumps(change(fields)).encode())


def test_a_message_that_is_nested_without_end_is_refused() -> None:
    with pytest.raises(ValueError, match="not a snapshot"):
        decode(b"[" * 100_000)


def test_watching_changes_nothing() -> None:
    def played(watched: bool) -> Iterator[object]:
        offline = band()
        offline.play(NoteOn(0, 60, 100), 1.0)
        for step in range(200):
            offline.advance(1.0 + step / 20)
            if watched:
                offline.engine.snapshot(offline.now_s)
        yield from offline.sent

    assert list(played(True)) == list(played(False))


def test_knobs_that_a_control_turns_are_shown_as_they_stand() -> None:
    controls = ControlSet("cc", 20, "temperature"), ControlSet("cc", 21, "density", on=1), ControlSet("cc", 64, "tap")
    live = Set(name="Trio", temperature=0.7, channels=CHANNELS, controls=controls)
    offline = OfflineBand(live, FakePredictor(), 1)
    assert offline.engine.snapshot(0.0).knobs == (KnobSnapshot("temperature", 0.7), KnobSnapshot("density", 0.0, 1))
    offline.play(Control(0, 20, 127), 1.0)
    offline.play(Control(0, 21, 0), 1.0)
    offline.advance(1.5)
    assert offline.engine.snapshot(1.5).knobs == (KnobSnapshot("temperature", 3.0), KnobSnapshot("density", -2.0, 1))
