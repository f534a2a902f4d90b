"""Where music comes from: a folder or an archive of MIDI files, and the SOURCES.tsv that may lie with them."""

from __future__ import annotations

import csv
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from training.data.archives import ENDINGS, archive_ending, unpack
from training.data.chord_symbols import BEATS_ENDING, CHORDS_ENDING
from training.errors import TrainingError

TABLE = "SOURCES.tsv"

_ENDINGS = (".mid", ".midi", ".kar")


def by_name(sources: list[Path]) -> dict[str, Path]:
    """Sources by the name of their corpus: the folder's, or the archive's without its ending.

    Raises TrainingError where a source is missing, is neither, or has the name of another.
    """
    named: dict[str, Path] = {}
    for source in sources:
        if not source.exists():
            raise TrainingError(f"{source}: there is no such folder or archive.")
        name = source.resolve().name
        if not source.is_dir():
            ending = archive_ending(source)
            if ending is None:
                raise TrainingError(f"{source}: this is neither a folder nor an archive ({', '.join(ENDINGS)}).")
            name = name[: -len(ending)]
        if name in named:
            raise TrainingError(f"{named[name]} and {source} would both become the corpus {name!r}; rename one.")
        named[name] = source
    return named


@contextmanager
def opened(source: Path) -> Iterator[Path]:
    """The folder of a source; of an archive, a folder with its music for as long as it is open.

    Raises TrainingError for an archive that is damaged, too large, or hostile (see `unpack`).
    """
    if source.is_dir():
        yield source
        return
    with tempfile.TemporaryDirectory() as scratch:
        if left_out := unpack(source, Path(scratch), _is_used):
            print(
                f"{source}: {left_out:,} files are not music, or links, or too large, and are left out.",
                file=sys.stderr,
            )
        inside = [path for path in Path(scratch).iterdir() if not path.name.startswith((".", "__MACOSX"))]
        yield inside[0] if len(inside) == 1 and inside[0].is_dir() else Path(scratch)


def _is_used(name: str) -> bool:
    return name == TABLE or name.lower().endswith((*_ENDINGS, CHORDS_ENDING, BEATS_ENDING))


def midi_files(folder: Path) -> list[Path]:
    """All MIDI files in a folder and below, sorted."""
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in _ENDINGS and path.is_file())


def read_sources(folder: Path) -> dict[str, dict[str, str]]:
    """The rows of a corpus' SOURCES.tsv by file name; empty where there is none.

    Of its columns `file` is needed; `work` (songs that belong together), `title`, `split` and `licence` are used if
    there.
    """
    table = folder / TABLE
    if not table.exists():
        return {}
    try:
        with table.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
        return {row["file"]: row for row in rows}
    except (KeyError, ValueError, csv.Error) as error:
        raise TrainingError(
            f"{folder.name}/{TABLE}: this is no table with a column 'file', separated by tabs, in UTF-8: {error!r}."
        ) from error
