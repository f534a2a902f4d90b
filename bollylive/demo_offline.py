"""The demo on a machine without a MIDI system: the built-in phrase and the band's answer, recorded directly."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from bollylive.demo_player import demo_seconds, demo_timeline
from bollylive.jam_files import write_recording
from bollylive.journal.recording import Recording
from bollylive.model.model_files import find_model
from bollylive.model.onnx_model import Model
from bollylive.model.predictor import Predictor
from bollylive.offline import OfflineBand
from bollylive.sets.settings import Set


def record_demo(band: Set, path: Path, seed: int, say: Callable[[str], None]) -> None:
    """Play the demo and write its recording; raises ModelError, and FileError as `write_recording` does. Blocks."""
    recording = perform_demo(band, Model(find_model(band.model)), seed)
    write_recording(recording.tracks(), recording.tempos(), path, band, say)


def perform_demo(band: Set, predictor: Predictor, seed: int) -> Recording:
    """Return a recording of the demo and the band's answer, on virtual time."""
    recording = Recording(band.names(), band.beats_per_bar)
    offline = OfflineBand(band, predictor, seed)
    for at_s, event in demo_timeline(band.tempo_bpm):
        offline.play(event, at_s)
    offline.advance(demo_seconds(band.tempo_bpm))
    offline.close()
    recording.add(offline.anchor)
    for sent in offline.sent:
        recording.add(sent)
    return recording
