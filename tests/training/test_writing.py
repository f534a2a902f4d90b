"""What the training writes: whole or not at all, in any script, and never over what no stage has made."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from matplotlib.figure import Figure

from training.__main__ import main
from training.errors import TrainingError
from training.writing import check_picture, check_report, write_json, write_picture


def test_a_value_is_written_in_its_script_and_read_back_whatever_it_holds(tmp_path: Path) -> None:
    value = {"राग": 1, "tak\udce9.mid": [2.5, None]}
    write_json(tmp_path / "a.json", value)
    text = (tmp_path / "a.json").read_text(encoding="utf-8")
    assert "राग" in text
    assert json.loads(text) == value


def test_a_picture_is_of_the_kind_that_its_ending_says(tmp_path: Path) -> None:
    for name, head in (("a.png", b"\x89PNG"), ("a.svg", b"<?xml"), ("a.pdf", b"%PDF"), ("a", b"\x89PNG")):
        for _ in range(2):
            check_picture(tmp_path / name)
            write_picture(tmp_path / name, Figure())
        assert (tmp_path / name).read_bytes().startswith(head)
    with pytest.raises(TrainingError, match=r"a\.song: no such picture can be made .*; choose a name like notes\.png"):
        write_picture(tmp_path / "a.song", Figure())
    assert len(list(tmp_path.iterdir())) == 4


@pytest.mark.parametrize("content", [b"", b'{"corpora": {}}'])
def test_a_report_is_written_over_by_the_next(tmp_path: Path, content: bytes) -> None:
    check_report(tmp_path / "report.json")
    (tmp_path / "report.json").write_bytes(content)
    check_report(tmp_path / "report.json")


@pytest.mark.parametrize("content", [b"MThd", b"words", b"[1]", b'"corpora"', b'{"name": "own-v1"}', b"[" * 100_000])
def test_nothing_that_no_stage_has_made_is_written_over(
    tmp_path: Path, content: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "precious"
    path.write_bytes(content)
    for command in (
        f"draw {path} --out {path}",
        f"evaluate --model tiny --data {tmp_path} --out {path}",
        f"remember --model tiny --data {tmp_path} --out {path}",
    ):
        assert main(command.split()) == 2
        assert capsys.readouterr().err.startswith(f"error: {path}: what is there is no ")
    assert path.read_bytes() == content
