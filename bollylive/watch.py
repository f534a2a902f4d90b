"""`bollylive watch`: show what a band in another process is doing, line by line."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from bollylive.errors import BollyLiveError
from bollylive.snapshot.format import PartSnapshot, Snapshot
from bollylive.snapshot.reader import SnapshotReader

_ABSENCE_S = 5.0  # a band that is away for longer is gone; a new engine takes a few seconds to start
_RETRY_S = 0.1


def watch(folder: Path, hz: float, as_json: bool, say: Callable[[str], None], seconds: float | None = None) -> None:
    """Print a line `hz` times a second until the band is gone, or for `seconds`. Blocks.

    Raises BollyLiveError if no band is running.
    """
    reader = SnapshotReader(folder)
    try:
        if reader.read() is None and not reader.hung:
            raise BollyLiveError("No band is running; start one with `bollylive jam`.")
        due_s = seen_s = began_s = time.perf_counter()
        while seconds is None or due_s - began_s < seconds:
            snapshot = reader.read()
            now_s = time.perf_counter()
            if snapshot is not None:
                seen_s = now_s
                say(json.dumps(asdict(snapshot)) if as_json else describe_snapshot(snapshot))
            elif reader.hung:
                seen_s = now_s
                say(json.dumps({"hung": "engine"}) if as_json else "hung: the engine does not answer")
            elif now_s - seen_s > _ABSENCE_S:
                say("The band is gone.")
                return
            pause_s = _RETRY_S if snapshot is None and not reader.hung else 1 / hz
            due_s = max(due_s + pause_s, now_s)  # missed lines are not made up for
            time.sleep(due_s - now_s)
    finally:
        reader.close()


def describe_snapshot(snapshot: Snapshot) -> str:
    """Return a snapshot as one line."""
    vitals = snapshot.vitals
    state = "plays" if snapshot.awake and snapshot.running else "waits" if snapshot.running else "is stopped"
    parts = [_describe_part(part) for part in snapshot.parts if part.word is not None]
    figures = {
        "late": f"{vitals.late} of {vitals.planned}",
        "dropped": vitals.dropped,
        "failures": snapshot.failures,
        "skipped": snapshot.skipped,
    }
    return "   ".join(
        [
            f"{snapshot.name} {state}, beat {snapshot.beat:.1f}, {snapshot.bpm:.1f} bpm ({vitals.leader})",
            ", ".join(parts) or "nobody is playing",
            ", ".join(f"{name} {figure}" for name, figure in figures.items()),
            *([f"hung: the {vitals.hung} does not answer"] if vitals.hung else []),
            *vitals.trouble[-1:],
        ]
    )


def _describe_part(part: PartSnapshot) -> str:
    """Return the part's name with the number of notes that the model has planned, or `you` if the musician plays it."""
    return f"{part.name or part.channel + 1} {'you' if part.word == 'musician' else f'+{part.ahead}'}"
