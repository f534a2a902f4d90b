"""The shipped model's choices along a small piece: they change with any constant that it shares with its training.

`tests/support/golden.py` composes the piece and says how to write the file anew.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from golden import GOLDEN, MODEL, NOISE, Place, ask_all, describe_inputs

from bollylive.model.model_files import find_model
from bollylive.model.onnx_model import Model
from bollylive.model.predictor import Answer

# A float that is rounded the other way moves an activation by one step of 255.
LOGP_TOLERANCE = 0.03
CONTEXT_TOLERANCE = 1e-3  # on the sum of a column over some hundred rows of float32


@pytest.fixture(scope="module")
def golden() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(GOLDEN.read_text(encoding="utf-8"))
    return loaded


@pytest.fixture(scope="module")
def answers() -> dict[Place, Answer]:
    return ask_all(Model(find_model(MODEL)), NOISE)


def test_the_model_is_given_the_same_rows_echoes_and_context(golden: dict[str, Any]) -> None:
    now, then = describe_inputs(), golden["inputs"]
    assert list(now) == list(then)
    for name, expected in then.items():
        for kind in ("notes", "rows_sha256", "echoes_sha256"):
            assert now[name][kind] == expected[kind], f"{kind} of {name}"
        sums = np.array(now[name]["context_sums"]), np.array(expected["context_sums"])
        assert np.flatnonzero(~np.isclose(*sums, atol=CONTEXT_TOLERANCE)).tolist() == [], f"context of {name}"


def test_the_model_chooses_the_same_words(golden: dict[str, Any], answers: dict[Place, Answer]) -> None:
    for pinned in golden["answers"]:
        place = Place(pinned["voice"], pinned["sequence"], pinned["row"])
        assert answers[place].chosen[0].tolist() == pinned["chosen"], place


def test_the_model_gives_them_the_same_probabilities(golden: dict[str, Any], answers: dict[Place, Answer]) -> None:
    pinned = golden["answers"]
    logp = np.concatenate([answers[Place(one["voice"], one["sequence"], one["row"])].logp for one in pinned])
    assert np.abs(logp - [one["logp"] for one in pinned]).max() < LOGP_TOLERANCE
