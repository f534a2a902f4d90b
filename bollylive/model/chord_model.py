"""A trained conductor in onnxruntime: verified when it is loaded, and asked for the next chord."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from bollylive.model.chord_metadata import INPUTS, OUTPUTS, mismatch, parse_metadata, shapes, verify
from bollylive.model.chord_predictor import REPLAYED_STEPS, SILENCE, Forecast, LeadSteps, no_lead
from bollylive.model.chord_words import CHORDS, NO_CHORD
from bollylive.model.lead_memory import remember, signature_of_steps
from bollylive.model.model_files import ModelFiles, read_model_files
from bollylive.model.onnx_session import open_session
from bollylive.model.plan_rows import STEP_BEATS, Known, plan_rows, turn, turn_words, words_at
from bollylive.model.predictor import Ints

_HEARD_STEPS: Final = 2 * REPLAYED_STEPS  # earlier ones are no longer compared with
_EVERY_CHORD: Final = np.arange(CHORDS)


class ChordModel:
    """A `ChordPredictor` that runs on one thread.

    Loading takes about a tenth of a second and raises ModelError; `forecast` blocks for about two milliseconds.
    """

    def __init__(self, model: Path | ModelFiles) -> None:
        """`model` is the path of its `.onnx`, with the `.json` beside it, or the contents of both."""
        files = read_model_files(model) if isinstance(model, Path) else model
        metadata = parse_metadata(files.metadata, files.path.with_suffix(".json"))
        verify(metadata, files.onnx, files.path)
        self.name = metadata.name
        self._session = open_session(files)
        found = {
            value.name: [size if isinstance(size, int) else -1 for size in value.shape]
            for value in (*self._session.get_inputs(), *self._session.get_outputs())
        }
        if found != shapes():
            raise mismatch(files.path, [f"its graph has {found}, not {shapes()}"])

    def forecast(
        self, lead: LeadSteps, chords: Sequence[int], first_step: int, steps_per_bar: int, known: bool = False
    ) -> Forecast:
        """Foretell the step after the last of `chords`; see `ChordPredictor`."""
        if len(lead) != len(chords) + known:
            raise ValueError(f"{len(chords)} chords need {len(chords) + known} steps of the lead, not {len(lead)}")
        history = np.array(chords, dtype=np.int64)
        if not len(chords):
            lead, history, first_step = _after_silence(lead), np.array([NO_CHORD]), first_step - 1
        dropped = max(0, len(history) - _HEARD_STEPS)
        lead, history, first_step = lead[dropped:], history[dropped:], first_step + dropped
        frame = signature_of_steps(remember(lead, STEP_BEATS))
        rows = plan_rows(lead[: len(history)], first_step, steps_per_bar, _coming(lead) if known else None)
        replayed = turn(rows.lead[-REPLAYED_STEPS:], frame)
        references = rows.references[-REPLAYED_STEPS:]
        words = [turn_words(words_at(references, played), frame) for played in (history, _none(history))]
        feed = dict(zip(INPUTS, (np.stack((replayed, replayed)), np.stack(words)), strict=True))
        log_p, quarters = self._session.run(OUTPUTS, feed)
        guided, unguided = log_p[:, turn_words(_EVERY_CHORD, frame)]
        classes, silence = quarters[0, :, :SILENCE], quarters[0, :, SILENCE:]
        return Forecast(guided, unguided, np.concatenate((np.roll(classes, frame, axis=1), silence), axis=1))


def _after_silence(lead: LeadSteps) -> LeadSteps:
    """A silent step, and the lead: the network needs a step to begin with."""
    silent = no_lead(1)
    return LeadSteps(
        np.concatenate((silent.chroma, lead.chroma)),
        np.concatenate((silent.early, lead.early)),
        np.concatenate((silent.held, lead.held)),
        np.concatenate((silent.first, lead.first)),
    )


def _coming(lead: LeadSteps) -> Known:
    """What the last of the rows may hear of the step after it, which is the last of the lead."""
    chroma, first = np.zeros_like(lead.chroma[1:]), np.zeros_like(lead.first[1:])
    chroma[-1], first[-1] = lead.chroma[-1], lead.first[-1]
    rows = np.zeros(len(chroma), dtype=np.bool_)
    rows[-1] = True
    return Known(chroma, first, rows)


def _none(history: Ints) -> Ints:
    return np.full_like(history, NO_CHORD)
