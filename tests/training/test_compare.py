from __future__ import annotations

from pathlib import Path

import pytest
from music import write_corpus

from training.data.prepare import prepare
from training.exporting.compare import compare, table
from training.recipe import ModelConfig, TrainConfig

CONFIG = TrainConfig(notes=4 * 4 * 16, batch=4, length=16, every=2, workers=0, warmup=2, device="cpu")
RIVALS = (
    ("recurrence", ModelConfig(16, "r"), 16),
    ("transformer", ModelConfig(16, "a"), 8),
)


@pytest.mark.slow
def test_rivals_are_trained_alike_exported_and_timed(tmp_path: Path) -> None:
    prepare([write_corpus(tmp_path / "tiny")], tmp_path / "prepared", 1)
    first, second = compare(tmp_path / "prepared", tmp_path / "out", CONFIG, RIVALS)
    assert (first.layers, first.rows_heard, second.layers, second.rows_heard) == ("r", 16, "a", 8)
    assert first.parameters < second.parameters
    for rival in (first, second):
        assert 0 < rival.held_out_bits < 40
        assert all(ms > 0 for times in (rival.float_ms, rival.int8_ms) for ms in times.values())
    text = (tmp_path / "out" / "rivals.md").read_text(encoding="utf-8")
    assert text == table([first, second])
    assert text.count("\n") == 4
