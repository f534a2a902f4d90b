"""How the stages write: every file is there whole or not at all, and none is lost that a stage has not made."""

from __future__ import annotations

import json
import pickle
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from bollylive.files.whole_file import write_file
from training.errors import TrainingError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_REPORTS: Final = {"corpora", "takes"}  # what a report of some stage holds
_PICTURES: Final = (b"\x89PNG", b"%PDF", b"<?xml")
_DPI: Final = 80


def write_text(path: Path, text: str) -> None:
    """Write a text; what no text can hold, such as parts of a file's name, as JSON spells it. Raises FileError."""
    write_file(path, text.encode("utf-8", "backslashreplace"))


def write_json(path: Path, value: Any) -> None:
    """Write a value as JSON, one line for each entry, in any script; raises FileError."""
    write_text(path, json.dumps(value, indent=1, ensure_ascii=False) + "\n")


def write_state(path: Path, state: dict[str, Any]) -> None:
    """Write weights and numbers as torch keeps them; raises FileError."""
    import torch

    whole = BytesIO()  # since torch hides what a full disk says
    torch.save(state, whole)
    write_file(path, whole.getbuffer())


# What torch and its callers raise for a file that is cut short, or that holds something else.
NOT_A_STATE: Final = (
    OSError, RuntimeError, KeyError, TypeError, ValueError, AttributeError, IndexError, EOFError, OverflowError,
    MemoryError, pickle.UnpicklingError,
)  # fmt: skip


def first_line(error: BaseException) -> str:
    """Return the first line of what an error says, or its kind, since torch says much."""
    return next(iter(str(error).splitlines()), "") or type(error).__name__


def write_picture(path: Path, figure: Figure, dpi: int = _DPI) -> None:
    """Write a picture of the kind that the ending says, or a PNG; raises FileError, or TrainingError for the kind."""
    whole = BytesIO()
    try:
        figure.savefig(whole, dpi=dpi, format=path.suffix[1:] or "png")
    except ValueError as error:
        raise TrainingError(f"{path}: no such picture can be made ({error}); choose a name like notes.png.") from error
    write_file(path, whole.getbuffer())


def check_report(path: Path) -> None:
    """Raise TrainingError where a file is there that no stage has written as its report."""
    try:
        data = path.read_bytes()
        report = json.loads(data or b'{"corpora": {}}')
        own = isinstance(report, dict) and not _REPORTS.isdisjoint(report)
    except FileNotFoundError:
        return
    except (OSError, ValueError, RecursionError):
        own = False
    if not own:
        raise TrainingError(f"{path}: what is there is no report of a stage, and stays; choose another name.")


def check_picture(path: Path) -> None:
    """Raise TrainingError where a file is there that is no picture."""
    try:
        with path.open("rb") as file:
            head = file.read(5)
    except FileNotFoundError:
        return
    except OSError as error:
        raise TrainingError(f"{path}: this cannot be read: {error.strerror}; choose another name.") from error
    if head and not head.startswith(_PICTURES):
        raise TrainingError(f"{path}: what is there is no picture, and stays; choose another name.")
