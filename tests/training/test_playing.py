"""`listen --play`: which leads are chosen, what is played around them, and that it is judged."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fakes import FakePredictor
from music import write_melody

from bollylive.midi.song_files import read_song
from bollylive.model.codec import PERCUSSION
from bollylive.sets.setfile import default_set
from training.__main__ import main
from training.data.corpus import Song
from training.judging.ragas import RAGAS
from training.judging.reading import read_take
from training.playing.leads import Lead, choose_leads, lead_of
from training.playing.phrases import SA, raga_phrases
from training.playing.play import write_take
from training.playing.references import reference_takes, take_of
from training.playing.situations import ALONE, AROUND, FULL, HARMONIC_MINOR, IN_THREE, QUICK, Job, make_jobs

MAJOR = [60, 62, 64, 65, 67, 69, 71, 72]
MINOR = [57, 60, 64, 57, 59, 60, 62, 64, 65, 64, 57, 68, 57, 60, 64, 57]


def melody(work: str, bars: int = 16, beats: int = 4, pitches: list[int] = MAJOR, valid: bool = True) -> Song:
    """A melody in quarters."""
    rows = [(24 * beat, 20, pitches[beat % len(pitches)], 80, 0) for beat in range(bars * beats)]
    metre = np.array([[0, 24 * beats]], dtype=np.int32)
    return Song(f"{work}.mid", work, valid, np.array(rows, dtype=np.int32), np.array([73], dtype=np.int16), metre)


def names(leads: list[Lead]) -> list[str]:
    return [lead.name for lead in leads]


def test_leads_are_held_out_one_of_a_work_and_hindi_melodies_come_first() -> None:
    others = [melody(f"other {i}") for i in range(3)]
    hindi = [melody("tum"), replace(melody("tum"), name="tum again.mid"), melody("trained", valid=False)]
    chosen = choose_leads({"a-corpus": others, "hindi-film-melodies": hindi}, count=3)
    assert names(chosen)[0] in ("hindi-film-melodies/tum.mid", "hindi-film-melodies/tum again.mid")
    assert len(chosen) == 3
    assert all(name.startswith("a-corpus/other") for name in names(chosen)[1:])


def test_the_choice_is_that_of_the_works_names_and_not_of_their_order() -> None:
    songs = [melody(f"song {i}") for i in range(20)]
    chosen = names(choose_leads({"m": songs}, count=5))
    assert names(choose_leads({"m": songs[::-1]}, count=5)) == chosen
    renamed = [replace(song, name=f"{99 - i}.mid") for i, song in enumerate(songs)]
    new_name = {f"m/{song.name}": f"m/{again.name}" for song, again in zip(songs, renamed, strict=True)}
    assert names(choose_leads({"m": renamed}, count=5)) == [new_name[name] for name in chosen]
    assert chosen != names([lead for song in songs[:5] if (lead := lead_of(f"m/{song.name}", song, 4))])


def test_some_in_harmonic_minor_have_their_place() -> None:
    songs = [melody(f"song {i}") for i in range(20)] + [melody(f"minor {i}", pitches=MINOR) for i in range(4)]
    chosen = choose_leads({"m": songs}, count=6, harmonic_minor=3)
    assert len(chosen) == 6
    assert sum(lead.is_harmonic_minor() for lead in chosen) >= 3


def test_a_lead_has_whole_bars_from_its_first_one_on_and_24_at_most() -> None:
    late = melody("late", bars=40)
    late.notes[:, 0] += 3 * 96
    lead = lead_of("late", late, 4)
    assert lead is not None
    assert (lead.bars, lead.notes[0].onset_beats, lead.bar_beats) == (24, 0.0, 4.0)
    shorter = lead.cut(8)
    assert shorter.bars == 8
    assert max(note.onset_beats + (note.duration_beats or 0) for note in shorter.notes) <= 32
    assert shorter.song(96).meters == ((0.0, 4.0),)


@pytest.mark.parametrize(
    "song",
    [
        melody("short", bars=15),
        melody("in three", beats=3),
        replace(melody("two metres"), bars=np.array([[0, 96], [960, 72]], dtype=np.int32)),
        replace(melody("two voices"), instruments=np.array([73, 20], dtype=np.int16)),
        replace(melody("drums"), instruments=np.array([PERCUSSION], dtype=np.int16)),
        replace(melody("chords"), notes=np.repeat(melody("x").notes, 2, axis=0)),
        replace(melody("rests"), notes=melody("x", bars=40).notes[[*range(8), *range(60, 160)]]),
    ],
)
def test_what_no_musician_would_lead_with_is_no_lead(song: Song) -> None:
    assert lead_of(song.work, song, 4) is None


def test_a_waltz_is_a_lead_in_three() -> None:
    lead = lead_of("waltz", melody("waltz", beats=3), 3)
    assert lead is not None
    assert (lead.bars, lead.bar_beats) == (16, 3.0)


def test_raga_phrases_are_eight_bars_three_times_in_the_ragas_own_notes() -> None:
    for name, lead in raga_phrases().items():
        assert lead.bars == 24
        assert {(note.pitch - SA) % 12 for note in lead.notes} <= RAGAS[name]
        assert lead.notes[-1].pitch == SA
        ends = [note.onset_beats + (note.duration_beats or 0) for note in lead.notes]
        assert [note.onset_beats for note in lead.notes[1:]] == ends[:-1]  # without a gap
        assert ends[-1] == 96


def test_an_evaluation_has_every_situation_twice_for_two_seeds() -> None:
    songs = [melody(f"song {i}") for i in range(30)] + [melody(f"minor {i}", pitches=MINOR) for i in range(3)]
    songs += [melody(f"waltz {i}", beats=3) for i in range(8)]
    jobs = make_jobs({"m": songs}, FULL, 96.0, seed=5)
    counts = Counter(job.situation for job in jobs)
    assert counts[AROUND] + counts[HARMONIC_MINOR] == 48
    assert counts[HARMONIC_MINOR] >= 6
    assert (counts[IN_THREE], counts[ALONE], counts["yaman"], counts["bhairav"], counts["bhairavi"]) == (
        12,
        24,
        2,
        2,
        2,
    )
    assert {job.seed for job in jobs} == {5, 6}
    assert len({job.path for job in jobs}) == len(jobs)
    assert {job.lead.bars + (job.play_on_bars or 0) for job in jobs if job.situation == ALONE} == {120}  # 5 x 96 / 4
    assert len(make_jobs({"m": songs}, QUICK, 96.0, seed=5)) == 4
    assert make_jobs({"m": [melody("trained", valid=False)]}, FULL, 96.0, seed=5) == []


def test_the_same_job_gives_the_same_take_as_long_as_asked_for(tmp_path: Path) -> None:
    lead = lead_of("tune", melody("tune"), 4)
    assert lead is not None
    files = []
    for folder in (tmp_path / "a", tmp_path / "b"):
        job = Job(ALONE, lead.cut(2), 1, 3)
        (folder / job.path).parent.mkdir(parents=True)
        write_take(job, folder, default_set(), FakePredictor())
        files.append(folder / job.path)
    assert files[0].name == "tune-1.mid"
    assert files[0].read_bytes() == files[1].read_bytes()
    take = read_take(files[0])
    assert (take.bars, take.lead_end) == (5, 8 - 4 / 24)
    assert take.tempo_bpm == pytest.approx(96, abs=0.01)


@pytest.mark.slow
def test_the_band_plays_and_is_judged_beside_other_takes(
    tmp_path: Path, tiny_model: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_melody(tmp_path / "tunes" / "one.mid", [(float(i), MAJOR[i * 5 % 8]) for i in range(64)])
    (tmp_path / "tunes" / "SOURCES.tsv").write_text("file\tsplit\none.mid\tvalid\n", encoding="utf-8")
    command = f"listen --play --quick --model {tiny_model} --data tunes --out out --workers 1"
    assert main(command.split()) == 0
    shown = capsys.readouterr().out
    report = json.loads(Path("out/report.json").read_text(encoding="utf-8"))
    assert list(report["takes"]) == ["around", "alone", "yaman"]
    assert report["played"]["leads"]["around"] == ["tunes/one.mid"]
    assert "- around: tunes/one.mid" in shown
    assert report["takes"]["alone"]["measures"]["alone_own_notes"]["takes"] == 1
    assert all(key.startswith("alone") for key in report["takes"]["alone"]["measures"])
    assert "outside_raga" in report["takes"]["yaman"]["measures"]
    take = Path("out/takes/around/tunes-one-1.mid")
    before = take.read_bytes()
    assert len([note for note in read_song(take).notes if note.channel == 0]) >= 32

    assert main([*command.split(), "--takes", "out/takes/alone"]) == 2  # two columns of one name
    Path("out/takes/around/mine.mid").write_bytes(before)
    assert main(command.split()) == 2
    assert "mine.mid: this is no take of this run" in capsys.readouterr().err
    Path("out/takes/around/mine.mid").rename("mine.mid")
    Path("others").mkdir()
    Path("mine.mid").rename("others/mine.mid")
    assert main([*command.split(), "--takes", "others"]) == 0
    assert take.read_bytes() == before
    report = json.loads(Path("out/report.json").read_text(encoding="utf-8"))
    own, other = (report["takes"][name]["measures"] for name in ("around", "others"))
    assert {**own, "spread": None} == {**other, "spread": None}  # it is the same music


def ensemble(work: str, bars: int, programs: tuple[int, ...] = (73, 33, PERCUSSION), valid: bool = True) -> Song:
    """A flute over a bass and drums, all in quarters."""
    rows = [
        (24 * beat, 20, (72 + beat % 5, 36, 42)[voice % 3], 80, voice)
        for beat in range(4 * bars)
        for voice in range(len(programs))
    ]
    metre = np.array([[0, 96]], dtype=np.int32)
    notes, instruments = np.array(rows, dtype=np.int32), np.array(programs, dtype=np.int16)
    return Song(f"{work}.mid", work, valid, notes, instruments, metre)


def test_real_ensembles_and_rules_are_held_out_whole_bands_cut_as_long_as_a_lead() -> None:
    songs = [
        *(ensemble(f"song {i}", 30) for i in range(5)),
        ensemble("long", 200),
        replace(ensemble("long", 200), name="long again.mid"),
        ensemble("short", 23),
        ensemble("trained", 30, valid=False),
        ensemble("no drums", 30, (73, 33, 48)),
        melody("alone", bars=30),
    ]
    found = reference_takes({"songs": songs, "arranged-tunes": [ensemble("arranged", 40, (20, 33, PERCUSSION))]}, 48)
    assert {name: sorted((take.name, take.bars) for take in takes) for name, takes in found.items()} == {
        "real": [("long.mid", 24), *((f"song {i}.mid", 24) for i in range(5))],
        "real-alone": [("long.mid", 128)],
        "rules": [("arranged.mid", 24)],
    }
    assert all({voice.role for voice in take.voices} == {"lead", "bass", "drums"} for take in found["real"])
    assert len(reference_takes({"songs": songs}, 2)["real"]) == 2
    assert reference_takes({"songs": [melody("alone")]}, 48) == {}


def test_the_melody_of_an_arrangement_leads_although_another_voice_is_higher() -> None:
    song = ensemble("arranged", 24, (20, 33, PERCUSSION, 73))
    song.notes[song.notes[:, 4] == 3, 2] += 12
    by_rule, by_reading = take_of(song, melody_first=True), take_of(song)
    assert by_rule is not None
    assert by_reading is not None
    assert [voice.role for voice in by_rule.voices] == ["lead", "bass", "drums", "other"]
    assert [voice.role for voice in by_reading.voices] == ["other", "bass", "drums", "lead"]


def test_corpora_without_a_lead_are_one_sentence(
    tmp_path: Path, tiny_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_melody(tmp_path / "tunes" / "short.mid", [(float(i), 60 + i % 5) for i in range(16)])
    arguments = ["--model", str(tiny_model), "--data", str(tmp_path / "tunes"), "--out", str(tmp_path / "out")]
    assert main(["listen", "--play", "--workers", "1", *arguments]) == 2
    assert "held-out melody of 16 bars" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
