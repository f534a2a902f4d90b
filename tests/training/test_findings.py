"""Reports become a part of their model's card."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from training.errors import TrainingError
from training.exporting.findings import TITLE, write_findings

CARD = "# band-v1\n\n## Figures\n\nsome\n\n## Limits\n\nmany\n\n## Rebuilding\n\nso\n"
BITS = {"onset": 1.0, "pitch": 2.0, "duration": 0.5, "velocity": 0.5, "notes": 1234}
EVALUATE: dict[str, Any] = {
    "model": "band-v1",
    "split": "valid",
    "limit": 60,
    "scorers": ["model", "markov"],
    "corpora": {"songs": {"model": BITS | {"total": 4.0}, "markov": BITS | {"total": 5.0}}, "empty": {"skipped": 3}},
}
WAY: dict[str, Any] = {
    "overlap": {"pitch_class": 0.91, "density": 0.85},
    "copying": {"pitched": {"generated": {"voice_p99": 11.0}, "real": {"voice_p99": 16.0}}},
}
REGAINED = {"bars_1_2": 0.2, "bars_3_4": None, "later": 0.9}
LISTEN: dict[str, Any] = {
    "model": "band-v1",
    "seed": 1,
    "songs": 8,
    "set": {"temperature": 1.0, "nucleus": 0.96, "follow": 1.0},
    "corpora": {
        "all": {
            "continue": WAY,
            "warm": WAY | {"fit": {"score": 0.4, "low": 0.3, "high": 0.5}},
            "moved": WAY | {"recovery": {"regained": REGAINED}},
            "backing": {"copying": {}},
        }
    },
}
REMEMBER: dict[str, Any] = {
    "model": "band-v1",
    "split": "valid",
    "corpora": {"songs": {"without": BITS | {"total": 4.0}, "with": BITS | {"total": 3.0}}},
}


def _written(folder: Path, *reports: dict[str, Any]) -> str:
    card = folder / "band-v1.md"
    if not card.exists():
        card.write_text(CARD)
    paths = [folder / f"{i}.json" for i in range(len(reports))]
    for path, report in zip(paths, reports, strict=True):
        path.write_text(json.dumps(report))
    write_findings(card, paths)
    return card.read_text()


def test_every_report_has_its_table(tmp_path: Path) -> None:
    card = _written(tmp_path, EVALUATE, LISTEN, REMEMBER)
    assert "| songs | 1,234 | 4.000 | 5.000 (80%) |" in card
    assert "| warm | 0.91 | 0.85 | 0.40 (0.30 to 0.50) | 11.0 / 16.0 |" in card
    assert "0.20 in the first two bars, 0.90 in the bars after these." in card
    assert "| songs | 1,234 | 4.000 | 3.000 | -25.0% |" in card
    assert "backing" not in card
    assert "empty" not in card


def test_findings_stand_before_the_limits_and_take_the_place_of_older_ones(tmp_path: Path) -> None:
    _written(tmp_path, EVALUATE, LISTEN)
    card = _written(tmp_path, REMEMBER)
    assert card.startswith("# band-v1\n\n## Figures\n\nsome\n\n## Findings\n\n")
    assert card.endswith("|\n\n## Limits\n\nmany\n\n## Rebuilding\n\nso\n")
    assert card.count(TITLE) == 1
    assert "evaluate" not in card


@pytest.mark.parametrize(
    ("report", "sentence"),
    [
        (REMEMBER | {"model": "other-v2"}, "this is about other-v2, not band-v1; give a report on band-v1."),
        ({"model": "band-v1"}, "this is no report of evaluate, listen or remember."),
    ],
)
def test_what_does_not_belong_there_is_refused_and_the_card_stays(
    tmp_path: Path, report: dict[str, Any], sentence: str
) -> None:
    (tmp_path / "band-v1.md").write_text(CARD)
    with pytest.raises(TrainingError, match=sentence):
        _written(tmp_path, EVALUATE, report)
    assert (tmp_path / "band-v1.md").read_text() == CARD


def test_a_model_without_a_card_and_a_report_that_is_none_are_told(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="export the model first"):
        write_findings(tmp_path / "none.md", [])
    (tmp_path / "0.json").write_text("{")
    (tmp_path / "band-v1.md").write_text(CARD)
    with pytest.raises(TrainingError, match="cannot be read as a report"):
        write_findings(tmp_path / "band-v1.md", [tmp_path / "0.json"])
