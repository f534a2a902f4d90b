"""`bollylive watch`: show what a band in another process is doing, line by line."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Final

from bollylive.snapshot.format import PartSnapshot, Snapshot
from bollylive.snapshot.reader import SnapshotReader

_ABSENCE_S = 5.0  # a band that is away for longer is gone; a new engine takes a few seconds to start
_RETRY_S = 0.1

_LEADERS: Final[dict[str, str]] = {  # by `clock.anchor.Leader`
    "free": "free tempo",
    "player": "follows your playing",
    "link": "follows Ableton Link",
    "midi": "follows the MIDI clock",
    "lost": "the MIDI clock is lost",
}


def watch(folder: Path, hz: float, as_json: bool, say: Callable[[str], None], seconds: float | None = None) -> None:
    """Print a line `hz` times a second until the band is gone, or for `seconds`; first wait for a band. Blocks."""
    reader = SnapshotReader(folder)
    seen, told = False, tuple[str, ...]()
    try:
        due_s = seen_s = began_s = time.perf_counter()
        while seconds is None or due_s - began_s < seconds:
            snapshot = reader.read()
            now_s = time.perf_counter()
            if snapshot is not None:
                seen, seen_s = True, now_s
                say(json.dumps(asdict(snapshot)) if as_json else describe_snapshot(snapshot, told))
                told = snapshot.vitals.trouble
            elif reader.hung:
                seen, seen_s = True, now_s
                say(json.dumps({"hung": "engine"}) if as_json else "The engine does not answer.")
            elif seen and now_s - seen_s > _ABSENCE_S:
                say("The band is gone.")
                return
            elif not seen and due_s == began_s and not as_json:
                say("No band is running; waiting for one (`bollylive jam` starts it, Ctrl-C ends this).")
            pause_s = _RETRY_S if snapshot is None and not reader.hung else 1 / hz
            due_s = max(due_s + pause_s, now_s)  # missed lines are not made up for
            time.sleep(due_s - now_s)
    finally:
        reader.close()


def describe_snapshot(snapshot: Snapshot, told: tuple[str, ...] = ()) -> str:
    """Return a snapshot as one line, with the newest sentence for the musician if it was not `told` with the last."""
    vitals = snapshot.vitals
    state = "plays" if snapshot.awake and snapshot.running else "waits" if snapshot.running else "is stopped"
    leader = _LEADERS.get(vitals.leader, vitals.leader)
    playing = [_describe_part(part) for part in snapshot.parts if part.word is not None]
    groups = [
        f"{snapshot.name} {state}, beat {snapshot.beat:.1f}, {snapshot.bpm:.1f} bpm ({leader})",
        _describe_chords(snapshot),
        ", ".join(playing) or "nobody is playing",
        ", ".join(_describe_knobs(snapshot)),
        _describe_command(snapshot),
        ", ".join(_describe_losses(snapshot)),
        f"The {vitals.hung} does not answer." if vitals.hung else "",
        *(vitals.trouble[-1:] if vitals.trouble != told else ()),
    ]
    return "   ".join(filter(None, groups))


def _describe_chords(snapshot: Snapshot) -> str:
    if snapshot.chord is None:
        return ""
    return snapshot.chord if snapshot.next_chord is None else f"{snapshot.chord}, then {snapshot.next_chord}"


def _describe_part(part: PartSnapshot) -> str:
    name = part.name or f"channel {part.channel + 1}"
    if part.word == "musician":
        return f"{name}: you"
    ahead = f", {part.ahead} {'note' if part.ahead == 1 else 'notes'} ahead" if part.ahead else ""
    return f"{name}: the band{ahead}"


def _describe_knobs(snapshot: Snapshot) -> Iterator[str]:
    for knob in snapshot.knobs:
        yield f"{knob.name}{_on(snapshot, knob.channel)} {knob.value:.2f}"


def _describe_command(snapshot: Snapshot) -> str:
    """Return what the musician asked for last, with its number, so that the same again is seen to have come."""
    asked = snapshot.vitals.asked
    if asked is None:
        return ""
    return f"you asked: {asked.does}{_on(snapshot, asked.channel)} (no. {snapshot.vitals.commands})"


def _on(snapshot: Snapshot, channel: int | None) -> str:
    if channel is None:
        return ""
    names = (part.name for part in snapshot.parts if part.channel == channel)
    return f" on {next(names, '') or f'channel {channel + 1}'}"


def _describe_losses(snapshot: Snapshot) -> Iterator[str]:
    """Yield what did not go as planned; nothing if all did."""
    vitals = snapshot.vitals
    if vitals.late:
        yield f"{vitals.late} of {vitals.planned} notes were late"
    if left_out := vitals.dropped + snapshot.skipped:
        yield f"{left_out} notes were left out, because they would have been too late or their key was held"
    if snapshot.failures:
        yield f"the model failed {snapshot.failures} {'time' if snapshot.failures == 1 else 'times'}"
