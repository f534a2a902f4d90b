"""The band, and each of its parts, as a snapshot shows them to programs that watch."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from bollylive.clock.tempo import bounded_bpm
from bollylive.engine.band_state import BandState
from bollylive.engine.chord_plan import ChordPlan
from bollylive.engine.grid import Grid
from bollylive.engine.history import Entry
from bollylive.engine.part import Part
from bollylive.midi.messages import Note, Player
from bollylive.model import codec
from bollylive.model.chord_words import NO_CHORD, chord_name
from bollylive.sets.settings import KNOBS, MODEL_ROLES, SET_SETTINGS, Set
from bollylive.snapshot.format import NEWEST_NOTES, KnobSnapshot, PartSnapshot, Snapshot


def snapshot(state: BandState, chords: ChordPlan, now_s: float, failures: int, skipped: int) -> Snapshot:
    """The present state of the band and its chords; `failures` and `skipped` are the engine's counts."""
    anchor = state.grid.anchor
    now_tick = state.grid.earliest(now_s)
    change_tick = chords.next_change(now_tick)
    return Snapshot(
        name=state.live.band.name,
        beat=anchor.beat_at(now_s),
        bpm=bounded_bpm(anchor.seconds_per_beat),
        running=anchor.running,
        awake=state.awake,
        parts=tuple(_part_snapshot(part, state, now_tick) for part in state.parts),
        failures=failures,
        skipped=skipped,
        knobs=tuple(_knobs(state.live.band)),
        chord=_chord_name(chords.at(now_tick)),
        next_chord=None if change_tick is None else _chord_name(chords.at(change_tick)),
    )


def _chord_name(chord: int) -> str | None:
    return None if chord == NO_CHORD else chord_name(chord)


def _knobs(band: Set) -> Iterator[KnobSnapshot]:
    """Yield the present values of the knobs that the set's controls turn."""
    for name in dict.fromkeys(control.does for control in band.controls if control.does in KNOBS):
        if name in SET_SETTINGS:
            yield KnobSnapshot(name, getattr(band, name))
            continue
        turned = {control.on for control in band.controls if control.does == name}
        for own in band.channels:
            if own.role in MODEL_ROLES and not turned.isdisjoint({None, own.channel}):
                yield KnobSnapshot(name, getattr(own, name), own.channel)


def _part_snapshot(part: Part, state: BandState, now_tick: int) -> PartSnapshot:
    newest = (entry for entry in reversed(part.history.entries) if entry.pitch != codec.REST)
    return PartSnapshot(
        channel=part.channel,
        name=part.setting.name,
        role=part.setting.role,
        instrument=part.instrument,
        word=_who_plays(part, now_tick) if state.awake else None,
        ahead=len(part.plan),
        newest=tuple(_note(part.channel, entry, state.grid) for entry in islice(newest, NEWEST_NOTES))[::-1],
    )


def _who_plays(part: Part, now_tick: int) -> Player | None:
    """Say who plays a part; notes that are planned only in case the musician stops do not count."""
    since = part.touched_tick
    if part.is_playing and (since is None or part.history.model_notes(since, now_tick + 1)):
        return "model"
    return None if since is None else "musician"


def _note(channel: int, entry: Entry, grid: Grid) -> Note:
    duration = entry.duration_ticks / codec.TICKS_PER_BEAT if entry.duration_ticks else None
    return Note(channel, entry.pitch, entry.velocity, grid.beat_of(entry.tick), duration)
