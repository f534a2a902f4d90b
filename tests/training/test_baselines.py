from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from music import write_corpus

from training.__main__ import main
from training.baselines.both import keep_apart, load_baselines
from training.data.corpus import load_corpus, save_corpus
from training.data.prepare import prepare
from training.errors import TrainingError
from training.measuring.evaluate import names_of
from training.sequences.sequence import some_sequences


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("baselines")
    prepare([write_corpus(folder / "tiny", songs=5)], folder / "prepared", 1)
    return folder / "prepared"


@pytest.mark.slow
def test_both_are_fitted_by_one_command_and_score_what_was_held_out(prepared: Path, tmp_path: Path) -> None:
    out = tmp_path / "baselines"
    assert main(f"baselines --data {prepared} --out {out} --rows 4096".split()) == 0
    scorers = load_baselines(out)
    assert names_of(scorers) == ["markov", "markov_live", "lstm"]
    held = some_sequences([song for song in load_corpus(prepared / "tiny.npz") if song.valid], 64, 6, 1)
    for scorer in scorers:
        for bits in scorer.score(held).values():
            assert [len(some) for some in bits] == [len(sequence.rows) for sequence in held]
            notes = sum(sequence.notes for sequence in held)
            assert 0 < sum(some.sum() for some in bits) / notes < 30


def test_the_markov_model_alone_needs_no_torch(prepared: Path, tmp_path: Path) -> None:
    code = (
        "import sys; from training.__main__ import main; from pathlib import Path; "
        f"status = main(['baselines', '--data', {str(prepared)!r}, '--out', {str(tmp_path)!r}, '--only', 'markov']); "
        "from training.baselines.both import load_baselines; import training.measuring.evaluate; "
        f"names = training.measuring.evaluate.names_of(load_baselines(Path({str(tmp_path)!r}))); "
        "sys.exit(status or (names != ['markov', 'markov_live'] and str(names)) "
        "or ('torch' in sys.modules and 'torch was imported'))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_works_kept_apart_are_whole_and_always_the_same(prepared: Path) -> None:
    songs = load_corpus(prepared / "tiny.npz")
    counted, apart = keep_apart(songs)
    assert len(apart) == 1
    assert [song.name for song in keep_apart(songs[::-1])[1]] == [apart[0].name]
    assert {song.work for song in counted}.isdisjoint({song.work for song in apart})
    assert keep_apart(songs[:1]) == (songs[:1], [])


def test_an_empty_folder_has_no_baselines(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="fit them with the stage baselines first"):
        load_baselines(tmp_path)


def test_songs_that_are_all_held_out_or_of_one_work_are_refused(
    prepared: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    songs = load_corpus(prepared / "tiny.npz")
    save_corpus([song for song in songs if song.valid], tmp_path / "tiny.npz")
    command = f"baselines --data {tmp_path} --out {tmp_path / 'out'} --only markov".split()
    assert main(command) == 2
    assert "every song here is held out" in capsys.readouterr().err
    save_corpus([song for song in songs if not song.valid][:1], tmp_path / "tiny.npz")
    assert main(command) == 2
    assert "no corpus has two works" in capsys.readouterr().err
