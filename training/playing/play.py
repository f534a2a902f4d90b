"""The stage: a model plays around held-out leads, as `bollylive perform` does, and the takes are judged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final

from tqdm import tqdm

from bollylive.midi.song_files import write_song
from bollylive.model.model_files import find_model
from bollylive.model.onnx_model import Model
from bollylive.model.predictor import Predictor
from bollylive.perform import perform, time_of
from bollylive.sets.setfile import default_set, load_set
from bollylive.sets.settings import Set
from training.data.corpus import Song
from training.data.prepare import corpora_of
from training.errors import TrainingError
from training.judging.judge import Column, check_columns, check_outputs, judge
from training.judging.ragas import RAGAS, raga_of
from training.playing.phrases import SA_NAME
from training.playing.references import LEAD_BARS, REAL_ALONE, reference_takes
from training.playing.situations import ALONE, FULL, HARMONIC_MINOR, QUICK, Job, Size, make_jobs

TAKES: Final = "takes"


def play(
    model_name: str,
    sources: list[Path],
    out: Path,
    seed: int,
    workers: int,
    set_file: Path | None = None,
    quick: bool = False,
    beside: Sequence[Column] = (),
) -> dict[str, Any]:
    """Let a model play around leads that are held out, and judge it beside other columns of takes.

    The takes lie in `out/takes`, a folder for each situation, as MIDI files; the report is that of `judge`. Raises
    TrainingError where no lead is held out, or takes of another run are there. Blocks for ten minutes and more of one
    core, with `quick` for less than one.
    """
    band = load_set(set_file) if set_file else default_set()
    model = find_model(model_name)
    check_outputs(out)
    corpora: dict[str, list[Song]] = {}
    for source in sources:
        corpora |= {name: corpus.songs for name, corpus in corpora_of(source, workers).items()}
    jobs = make_jobs(corpora, QUICK if quick else FULL, band.tempo_bpm, seed)
    if not jobs:
        raise TrainingError("none of the corpora has a held-out melody of 16 bars of four beats and more.")
    takes = out / TAKES
    _check_takes(takes, jobs)
    situations = list(dict.fromkeys(part for job in jobs for part in _columns_of_job(job)))
    columns = [_column(name, takes) for name in situations] + _references(corpora, QUICK if quick else FULL)
    check_columns([*columns, *beside])
    write_all(jobs, takes, model, band, workers)
    leads = {name: sorted({job.lead.name for job in jobs if name in _columns_of_job(job)}) for name in situations}
    seeds = sorted({job.seed for job in jobs})
    played = {"model": model.stem, "set": band.name, "seeds": seeds, "tempo_bpm": band.tempo_bpm, "leads": leads}
    return judge([*columns, *beside], out, seed, workers, played)


def write_all(jobs: list[Job], takes: Path, model: Path, band: Set, workers: int) -> None:
    """Play all takes and write them below a folder, in as many processes as there are workers."""
    for job in jobs:
        (takes / job.path).parent.mkdir(parents=True, exist_ok=True)
    done = _written(jobs, takes, model, band, min(workers, len(jobs)))
    for _ in tqdm(done, total=len(jobs), desc="playing", unit="take", leave=False, disable=None):
        pass


def write_take(job: Job, takes: Path, band: Set, predictor: Predictor) -> None:
    """Play one take and write it; the same job gives the same bytes."""
    song = job.lead.song(band.tempo_bpm)
    tracks = perform(song, None, band, predictor, job.seed, play_on_bars=job.play_on_bars)
    write_song(takes / job.path, tracks, *time_of(song, tracks))


def _column(situation: str, takes: Path) -> Column:
    raga = raga_of(situation, SA_NAME) if situation in RAGAS else None
    return Column(situation, takes / situation, raga, only="alone" if situation == ALONE else "")


def _references(corpora: dict[str, list[Song]], size: Size) -> list[Column]:
    found = reference_takes(corpora, size.references)
    alone = {REAL_ALONE: (LEAD_BARS, "alone")}
    columns = []
    for name, takes in found.items():
        alone_from, only = alone.get(name, (None, ""))
        columns.append(Column(name, alone_from=alone_from, takes=tuple(takes), only=only))
    return columns


def _columns_of_job(job: Job) -> list[str]:
    """The columns in which a take counts: that of its folder, and that of the folder around it."""
    return [job.situation.partition("/")[0], *([HARMONIC_MINOR] if job.situation == HARMONIC_MINOR else [])]


def _check_takes(takes: Path, jobs: list[Job]) -> None:
    """Raise TrainingError where something lies in the folder of takes that this run would not write over."""
    own = {takes / job.path for job in jobs}
    if other := next((path for path in sorted(takes.rglob("*")) if path.is_file() and path not in own), None):
        raise TrainingError(
            f"{other}: this is no take of this run, and would be judged with them; choose another --out."
        )


def _written(jobs: list[Job], takes: Path, model: Path, band: Set, workers: int) -> Iterator[None]:
    if workers < 2:
        predictor = Model(model)
        for job in jobs:
            write_take(job, takes, band, predictor)
            yield
        return
    with ProcessPoolExecutor(workers, get_context("spawn"), _begin, (model, band)) as pool:
        yield from pool.map(partial(_work, takes), jobs)


def _begin(model: Path, band: Set) -> None:
    _work_with.append((Model(model), band))


_work_with: list[tuple[Model, Set]] = []  # of a worker process


def _work(takes: Path, job: Job) -> None:
    [(predictor, band)] = _work_with
    write_take(job, takes, band, predictor)
