"""Folders of MIDI files to one table: what is played in each, beside the others."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final

from tqdm import tqdm

from training.errors import TrainingError
from training.judging.ragas import Raga
from training.judging.reading import read_take
from training.judging.summary import summarise
from training.judging.table import TITLE, markdown
from training.judging.take import Take
from training.judging.verdict import Verdict, judge_take
from training.writing import check_report, write_json, write_text

REPORT: Final = "report.json"
TABLE: Final = "report.md"
_ENDINGS: Final = {".mid", ".midi", ".kar", ".smf"}


@dataclass(frozen=True)
class Column:
    """Takes as a column of the table: those of a folder, or takes that were read already.

    `raga` and `alone_from` are as in `judge_take`; `only` is how the names of the measures begin that are shown.
    """

    name: str
    folder: Path | None = None
    raga: Raga | None = None
    alone_from: int | None = None
    takes: tuple[Take, ...] = ()
    only: str = ""


def judge(
    columns: list[Column], out: Path, seed: int, workers: int, played: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Judge the takes of each column, and write `report.json` and `report.md` into `out`.

    Of a folder all MIDI files count, also those further below. A file that cannot be judged is listed with its reason.
    `seed` is that of the intervals; `played` says how the takes came about, where the caller knows. Raises
    TrainingError where a folder has nothing to judge, or something else stands where the report goes. Blocks, for about
    a second for a take of five minutes.
    """
    check_columns(columns)
    check_outputs(out)
    report: dict[str, Any] = {"seed": seed, **({"played": played} if played else {}), "takes": {}}
    for column in columns:
        verdicts, skipped = judge_column(column, workers)
        report["takes"][column.name] = {
            "files": len(verdicts),
            "leads": len({verdict.lead for verdict in verdicts}),
            "skipped": skipped,
            "measures": {key: asdict(estimate) for key, estimate in summarise(verdicts, seed).items()},
            "by_take": {verdict.take: {"lead": verdict.lead, **verdict.figures} for verdict in verdicts},
        }
    out.mkdir(parents=True, exist_ok=True)
    write_json(out / REPORT, report)
    write_text(out / TABLE, markdown(report))
    return report


def judge_column(column: Column, workers: int) -> tuple[list[Verdict], dict[str, str]]:
    """The verdicts on the takes of a column, with the measures that it shows, and why other files have none."""
    verdicts = [judge_take(take, column.raga, column.alone_from) for take in column.takes]
    skipped: dict[str, str] = {}
    if column.folder is not None:
        verdicts, skipped = judge_folder(column.folder, workers, column.raga, column.alone_from)
    return [_shown(verdict, column.only) for verdict in verdicts], skipped


def _shown(verdict: Verdict, only: str) -> Verdict:
    if not only:
        return verdict
    figures = {key: figure for key, figure in verdict.figures.items() if key.startswith(only)}
    return replace(verdict, figures=figures, velocities={})


def judge_folder(
    folder: Path, workers: int, raga: Raga | None, alone_from: int | None
) -> tuple[list[Verdict], dict[str, str]]:
    """The verdicts on all MIDI files below a folder, by name, and why others have none."""
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in _ENDINGS and path.is_file())
    results = _judge_all(files, workers, partial(_judge_file, folder, raga=raga, alone_from=alone_from))
    verdicts, skipped = [], {}
    for path, result in zip(files, tqdm(results, folder.name, len(files), leave=False, disable=None), strict=True):
        if isinstance(result, Verdict):
            verdicts.append(result)
        else:
            skipped[path.relative_to(folder).as_posix()] = result
    if not verdicts:
        reason = f": {next(iter(skipped.values()))}" if skipped else "."
        raise TrainingError(f"{folder}: there is no MIDI file that can be judged{reason}")
    return verdicts, skipped


def columns_of(folders: list[Path], raga: Raga | None = None, alone_from: int | None = None) -> list[Column]:
    """The folders as columns, by their own names, or by whole paths where two have the same."""
    paths = [folder.resolve() for folder in folders]
    own = [path.name for path in paths]
    names = [name if own.count(name) == 1 else path.as_posix() for name, path in zip(own, paths, strict=True)]
    return [Column(name, folder, raga, alone_from) for name, folder in zip(names, folders, strict=True)]


def check_columns(columns: list[Column]) -> None:
    """Raise TrainingError where two columns have the same name."""
    names = [column.name for column in columns]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise TrainingError(f"{twice}: two folders of takes would have this name in the table; name each folder once.")


def check_outputs(out: Path) -> None:
    """Raise TrainingError where something that is no report of this stage would be written over."""
    check_report(out / REPORT)
    table = out / TABLE
    if table.exists() and not table.read_bytes().startswith(TITLE.encode()):
        raise TrainingError(f"{table}: what is there is no table of this stage, and stays; choose another folder.")


def _judge_all(files: list[Path], workers: int, judge_one: partial[Verdict | str]) -> Iterable[Verdict | str]:
    workers = min(workers, len(files))
    if workers < 2:
        yield from map(judge_one, files)
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        yield from pool.map(judge_one, files)


def _judge_file(folder: Path, path: Path, raga: Raga | None, alone_from: int | None) -> Verdict | str:
    try:
        take = read_take(path)
    except TrainingError as error:
        return str(error)
    verdict = judge_take(take, raga, alone_from)
    return replace(verdict, take=path.relative_to(folder).as_posix())
