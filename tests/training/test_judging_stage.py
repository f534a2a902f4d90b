"""`listen --takes`: folders of MIDI files to one table, with intervals."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from takes import chords, take, voice

from bollylive.midi.messages import Note
from bollylive.midi.song import Track
from bollylive.midi.song_files import write_song
from training.__main__ import main
from training.judging.judge import columns_of
from training.judging.measures import MEASURES, measure_of
from training.judging.summary import mean_over_leads, spread_between_takes, summarise
from training.judging.table import markdown
from training.judging.verdict import Verdict, judge_take


def verdict(lead: str, *, velocities: dict[str, float] | None = None, **figures: float) -> Verdict:
    return Verdict("take", lead, figures, velocities or {})


def test_takes_of_one_lead_count_as_one() -> None:
    found = summarise([verdict("a", clash=0.0), verdict("a", clash=0.2), verdict("b", clash=0.4), verdict("c", root=1)])
    assert found["clash"].mean == pytest.approx((0.1 + 0.4) / 2)
    assert (found["clash"].leads, found["clash"].takes) == (2, 3)
    assert (found["root"].low, found["root"].high) == (None, None)  # of one lead nothing can be drawn
    assert list(found) == ["root", "clash"]  # in the order of the table


def test_an_interval_is_where_the_means_of_leads_drawn_anew_lie() -> None:
    # 100 leads, evenly from 0 to 1: their sd is .29, that of their mean .029, and 95 % lie within 1.96 of these.
    figures = [[lead / 99] for lead in range(100)]
    found = mean_over_leads(figures, seed=1)
    assert found.mean == pytest.approx(0.5)
    assert found.low == pytest.approx(0.5 - 1.96 * 0.029, abs=0.01)
    assert found.high == pytest.approx(0.5 + 1.96 * 0.029, abs=0.01)
    assert mean_over_leads(figures, seed=1) == found != mean_over_leads(figures, seed=2)
    same = mean_over_leads([[0.3], [0.3, 0.3]], seed=1)
    assert (same.mean, same.low, same.high) == pytest.approx((0.3, 0.3, 0.3))


def test_the_spread_of_loudness_is_each_players_own_between_takes() -> None:
    takes = [verdict("a", velocities={"Bass": 70, "Flute": 1}), verdict("a", velocities={"Bass": 90})]
    others = [verdict("b", velocities={"Bass": 90, "Harp": 127}) for _ in range(2)]
    found = spread_between_takes([takes, others], seed=1)
    assert found is not None
    # The bass's mean is 85: it is 15 and 5 away around the one lead, 5 and 5 around the other. There the harp is
    # always 0 away. Nobody can tell what is usual for the flute.
    assert found.mean == pytest.approx(((225 + 25) / 2 / 2 + (25 + 0) / 2 / 2) ** 0.5)
    assert found.low is not None
    assert found.high is not None
    assert found.low <= found.mean <= found.high
    assert spread_between_takes([takes[:1], []], seed=1) is None


def test_every_figure_of_a_take_has_a_name_in_the_table() -> None:
    lead = voice("lead", [(8 * i + j, 1, 72 + 4 * j) for i in range(20) for j in range(3)])
    band = take(lead, voice("other", chords(*[0, 5, 7, 0] * 40)), bars=40)
    figures = judge_take(band).figures
    assert figures.keys() >= {"clash", "as_8_bars_before", "in_key", "own_notes", "answering.keys", "notes.keys"}
    titles = [measure_of(key)[0] for key in figures]
    assert len(set(titles)) == len(titles)
    assert "notes a bar, keys" in titles


def test_the_module_of_each_formula_is_there() -> None:
    folder = Path(__file__).parents[2] / "training" / "judging"
    assert {measure.module for measure in MEASURES.values() if not (folder / f"{measure.module}.py").exists()} == set()


def write_take(path: Path, bass: int, seed: int = 0) -> None:
    """Four bars of C: the bass has C or another note on beat 1; the lead is always the same."""
    lead = tuple(Note(0, 72 + (0, 4, 7)[i % 3], 90, float(i), 1.0) for i in range(16))
    low = tuple(Note(1, bass, 60 + 20 * seed, i * 2.0, 1.0) for i in range(8))
    pad = tuple(Note(2, pitch, 70, bar * 4.0, 4.0) for bar in range(4) for pitch in (60, 64, 67))
    tracks = [Track("1 Flute (musician)", 0, 73, lead), Track("2 Bass (model)", 1, 33, low)]
    path.parent.mkdir(parents=True, exist_ok=True)
    write_song(path, [*tracks, Track("3 Harmonium (model)", 2, 20, pad)])


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    for seed in (0, 1):
        write_take(tmp_path / "old" / f"a-{seed}.mid", 38, seed)
        write_take(tmp_path / "new" / "deeper" / f"a-{seed}.mid", 36)
    (tmp_path / "new" / "broken.mid").write_bytes(b"no music")
    (tmp_path / "new" / "notes.txt").write_text("nothing to play", encoding="utf-8")
    return tmp_path / "old", tmp_path / "new"


def listen(*arguments: str | os.PathLike[str]) -> int:
    return main(["listen", "--workers", "1", *map(str, arguments)])


def test_folders_of_takes_stand_side_by_side(
    folders: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert listen("--takes", *folders, "--out", tmp_path / "out", "--raga", "bhupali", "--sa", "C") == 0
    shown = capsys.readouterr().out
    assert "| bass on the root at beat 1 | 0.00 | 1.00 |" in shown
    assert "- **old**: 2 takes around 1 lead\n" in shown
    assert "- **new**: 2 takes around 1 lead, 1 files left out\n" in shown
    assert (tmp_path / "out" / "report.md").read_text(encoding="utf-8") == shown
    report = json.loads((tmp_path / "out" / "report.json").read_text(encoding="utf-8"))
    assert report["takes"]["new"]["measures"]["root"] == {
        "mean": 1.0,
        "low": None,
        "high": None,
        "leads": 1,
        "takes": 2,
    }
    assert report["takes"]["new"]["by_take"]["deeper/a-1.mid"]["root_at_one"] == 1.0
    assert list(report["takes"]["new"]["skipped"]) == ["broken.mid"]
    assert report["takes"]["old"]["measures"]["outside_raga"]["mean"] == 0.0
    assert report["takes"]["old"]["measures"]["spread"]["mean"] == pytest.approx((10**2 / 2) ** 0.5)
    assert markdown(report) == shown
    assert listen("--takes", *folders, "--out", tmp_path / "out") == 0  # its own report may be written again


@pytest.mark.parametrize(("bar", "share"), [("3", 0.0), ("4", 1.0)])
def test_the_bar_from_which_an_ensemble_counts_as_alone_is_counted_from_1(
    bar: str, share: float, tmp_path: Path
) -> None:
    """The flute plays C major for two bars, and from the third one F sharp, as the pad does then."""
    lead = tuple(Note(0, (72, 74, 76, 77, 79, 81, 83, 84)[i] if i < 8 else 78, 90, float(i), 1.0) for i in range(96))
    pad = tuple(Note(1, 66, 70, 4.0 * bar, 4.0) for bar in range(2, 24))
    (tmp_path / "songs").mkdir()
    write_song(tmp_path / "songs" / "song.mid", [Track("Flute", 0, 73, lead), Track("Organ", 1, 20, pad)])
    assert listen("--takes", tmp_path / "songs", "--out", tmp_path / "out", "--alone-from", bar) == 0
    report = json.loads((tmp_path / "out" / "report.json").read_text(encoding="utf-8"))
    assert report["takes"]["songs"]["measures"]["alone_own_notes"]["mean"] == share


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ("--out out", "listen needs --model and --data"),
        ("--out out --model bollywood", "or --takes"),
        ("--out out --play --takes old", "listen needs --model and --data"),
        ("--out out --quick --takes old", "--quick tries out --play"),
        ("--out out --model bollywood --data old --raga yaman", "there are none"),
        ("--out out --model bollywood --data old --alone-from 9", "there are none"),
        ("--out out --takes empty", "there is no MIDI file that can be judged"),
        ("--out out --takes nowhere", "there is no MIDI file that can be judged"),
        ("--out out --takes empty empty", "name each folder once"),
        ("--out out --takes old --raga yamen", "is no raga"),
        ("--out mine --takes old", "is no table of this stage"),
        ("--out yours --takes old", "is no report of a stage"),
    ],
)
def test_what_cannot_be_judged_or_written_is_one_sentence(
    arguments: str,
    why: str,
    folders: tuple[Path, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in ("empty", "mine", "yours"):
        (tmp_path / name).mkdir()
    (tmp_path / "mine" / "report.md").write_text("# My diary\n", encoding="utf-8")
    (tmp_path / "yours" / "report.json").write_text('{"diary": 1}', encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert listen(*arguments.split()) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert why in line
    assert not (tmp_path / "out").exists()
    assert (tmp_path / "mine" / "report.md").read_text(encoding="utf-8") == "# My diary\n"


def test_folders_of_one_name_are_told_apart_by_their_paths(tmp_path: Path) -> None:
    assert [column.name for column in columns_of([tmp_path / "a" / "takes", tmp_path / "b"])] == ["takes", "b"]
    both = columns_of([tmp_path / "a" / "takes", tmp_path / "b" / "takes"])
    assert [column.name.split("/")[-2:] for column in both] == [["a", "takes"], ["b", "takes"]]
