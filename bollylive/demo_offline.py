"""The demo on a machine without a MIDI system: the built-in phrase and the band's answer, recorded directly."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from bollylive.demo_player import demo_seconds, demo_timeline
from bollylive.jam_files import write_recording
from bollylive.journal.recording import Recording
from bollylive.model.model_files import find_model
from bollylive.model.onnx_model import Model
from bollylive.model.predictor import Predictor
from bollylive.offline import OfflineBand
from bollylive.sets.settings import Set

_EARLIER_S: Final = 0.001  # what would begin at the very end would be cut at once


def record_demo(band: Set, path: Path, seed: int, say: Callable[[str], None], seconds: float | None = None) -> None:
    """Play the demo, or so many seconds, and write its recording.

    Raises ModelError, and FileError as `write_recording` does. Blocks.
    """
    recording = perform_demo(band, Model(find_model(band.model)), seed, seconds)
    write_recording(recording.music(), path, say)


def perform_demo(band: Set, predictor: Predictor, seed: int, seconds: float | None = None) -> Recording:
    """Return a recording of the demo and the band's answer, or of its first `seconds`, on virtual time."""
    recording = Recording(band.names(), band.beats_per_bar)
    offline = OfflineBand(band, predictor, seed)
    end_s = demo_seconds(band.tempo_bpm) if seconds is None else seconds
    for at_s, event in demo_timeline(band.tempo_bpm):
        if at_s < end_s:
            offline.play(event, at_s)
    offline.advance(end_s - _EARLIER_S)
    offline.close()
    recording.add(offline.anchor)
    for sent in offline.sent:
        recording.add(sent)
    return recording
