"""Reads a set from a TOML file: `set_reader` says what its tables mean, `text_limits` how large they may be."""

from __future__ import annotations

import codecs
import tomllib
from dataclasses import replace
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Final

from bollylive.errors import SetError
from bollylive.files.regular_file import NotAFileError, open_regular
from bollylive.sets.set_reader import read_set
from bollylive.sets.settings import Set
from bollylive.sets.text_limits import MOST_BYTES, check_text_limits

_MOST_OF_A_REASON: Final = 200
_TWICE: Final = "is a setting there twice? An instrument begins with a line [[channel]], a control with [[control]]."
_CURES: Final = {  # of what musicians get wrong, by how the TOML reader calls it
    "Illegal character '\\n'": "is a quotation mark missing?",
    "Invalid value": "text stands in quotation marks, and true and false are written small.",
    "Cannot overwrite a value": _TWICE,
    "Cannot declare ('channel',)": _TWICE,
    "Cannot declare ('control',)": _TWICE,
}
_UTF_16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def load_set(path: str | Path) -> Set:
    """Read a set file. Raises SetError with a sentence for each of its problems.

    Reads no more of a file than a set may hold. Refuses a pipe or a device at once, without waiting for it.
    """
    try:
        data = _read_file(path)
    except OSError as error:
        raise SetError([f"{path}: the set cannot be read: {error.strerror}."]) from error
    except ValueError as error:  # from open: a name that no file can have
        raise SetError([f"{path}: the set cannot be read: {error}."]) from error
    if data.startswith(_UTF_16) or b"\0" in data[:4]:
        raise SetError([f"{path}: the set is UTF-16 text; save it as UTF-8."])
    try:
        text = data.decode("utf-8-sig")  # the editors of some systems begin a file with a byte order mark
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise SetError([f"{path}: line {line}: the set is not UTF-8 text; save it as such."]) from error
    return parse_set(text.replace("\r\n", "\n").replace("\r", "\n"), str(path))


@cache
def default_set() -> Set:
    """Return the set that comes with BollyLive."""
    path = resources.files("bollylive") / "sets" / "default.toml"
    return parse_set(path.read_text(encoding="utf-8"), "default.toml")


def parse_set(text: str, name: str) -> Set:
    """Return the set that the text of a TOML file describes; `name` is the file's, for the sentences of SetError.

    A set that says nothing of channels has those of the default set; `channel = []` is a set without any. Whatever the
    text, it soon returns a set or raises SetError. Reads the default set from the disk when it is needed first.
    """
    table = read_toml(text, name)
    band, problems = read_set(table, Path(name).stem)
    if problems:
        raise SetError([f"{name}: {problem}" for problem in problems])
    return band if "channel" in table else replace(band, channels=default_set().channels)


def read_toml(text: str, name: str) -> dict[str, Any]:
    """Return the tables in the text of a file of this name. Raises SetError if it is not TOML, or too large."""
    try:
        check_text_limits(text)
    except ValueError as error:
        raise SetError([f"{name}: {error}"]) from error
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        reason = str(error)
        cure = next((f"; {cure}" for called, cure in _CURES.items() if reason.startswith(called)), ".")
        raise SetError([f"{name}: this is not TOML: {_shortened(reason)}{cure}"]) from error
    except Exception as error:  # tomllib also raises ValueError, RecursionError and others
        raise SetError([f"{name}: this cannot be read as TOML: {_shortened(str(error))}."]) from error


def _read_file(path: str | Path) -> bytes:
    try:
        with open_regular(Path(path)) as file:
            data = file.read(MOST_BYTES + 1)
    except NotAFileError as error:
        raise SetError([f"{path}: this is a folder, a pipe or a device; give the name of a file."]) from error
    if len(data) > MOST_BYTES:
        raise SetError([f"{path}: the set is larger than {MOST_BYTES // 1024} KiB; keep only its settings."])
    return data


def _shortened(reason: str) -> str:
    """The message of the TOML reader, which may hold a whole key; its end has the line and the column."""
    half = _MOST_OF_A_REASON // 2
    return reason if len(reason) <= _MOST_OF_A_REASON else f"{reason[:half]}...{reason[-half:]}"
