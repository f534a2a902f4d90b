"""Which files a command may write: named like its kind, in place of its own kind only, and never one that it reads.

The whole command line is checked before any work begins, and each file once more just before it is replaced. A file
that another program has written meanwhile, such as a second band with the same options, stays: ours gets a number.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from bollylive.errors import FileError
from bollylive.files.whole_file import failure, follow, write_file, write_numbered

_State: TypeAlias = tuple[int, int, int]
_BEFORE: Final = "outputs_before"  # the option that holds them
_MOST_FIGURES_BYTES: Final = 2**20  # real ones have some kilobytes

_INPUTS: Final = {  # by option
    "set": "the set",
    "input": "the song to play along with",
    "source": "the song to continue",
    "journal": "the journal",
    "model": "the model",
}
_PROTECTED: Final = {".toml": "a set", ".jsonl": "a journal", ".onnx": "a model"}  # even if they are empty


@dataclass(frozen=True, slots=True)
class _Kind:
    """A kind of file that commands write."""

    what: str
    endings: tuple[str, ...]  # by which other programs know it
    example: str
    is_own: Callable[[Path], bool]  # whether a file is of this kind, and so may be replaced; raises OSError


@dataclass(frozen=True, slots=True)
class OutputFile:
    """A file that a command is to write; also the files that the command reads, each with a word for what it is.

    Made by `output_file`.
    """

    option: str
    path: Path
    inputs: tuple[tuple[str, Path], ...] = ()
    before: _State | None = None  # of the file, when the work began; None: there was none

    def problem(self) -> str | None:
        """Return a sentence if the file must not or cannot be written, which also says what to do. May block."""
        exists = os.path.lexists(self.path)
        for what, source in self.inputs:
            with suppress(OSError):
                if exists and self.path.samefile(source):
                    return f"{self.path}: this is {what}; give --{self.option} another name."
        try:
            return self._folder_problem() or (self._content_problem() if exists else None) or self._name_problem()
        except FileError as error:
            return str(error)
        except OSError as error:
            return str(failure(self.path, error))

    def check(self) -> None:
        """Raise FileError if there is a problem. May block."""
        if (problem := self.problem()) is not None:
            raise FileError(problem)

    def write(self, data: bytes) -> Path:
        """Write the file, and return its path: with a number if another program wrote one of its kind meanwhile.

        Raises FileError. Blocks.
        """
        self.check()
        if self.before is None or _state(self.path) != self.before:
            return write_numbered(self.path, data)
        write_file(self.path, data, self.check)
        return self.path

    def write_json(self, value: object) -> Path:
        """Write a value as JSON; the rest as `write`."""
        return self.write(json.dumps(value, indent=1).encode() + b"\n")

    def _folder_problem(self) -> str | None:
        # A recording never replaces a link but gets a number, so it does not matter where the link leads.
        path = self.path if self.option == "record" and self.path.is_symlink() else follow(self.path)
        if not path.parent.is_dir():
            return f"{self.path}: there is no folder {path.parent}; create it, or choose another."
        if not os.access(path.parent, os.W_OK):
            return f"{self.path}: nothing can be written in {path.parent}; choose another folder."
        return None

    def _content_problem(self) -> str | None:
        if self.option == "record":  # it replaces nothing
            return None
        another = f"give --{self.option} another name"
        ending = self.path.suffix.lower()
        if ending in _PROTECTED:
            return f"{self.path}: this is {_PROTECTED[ending]}, which is never replaced; {another}."
        kind = _KINDS[self.option]
        if self.path.stat().st_size and not kind.is_own(self.path):
            return f"{self.path}: this file exists and is not {kind.what}; {another}."
        return None

    def _name_problem(self) -> str | None:
        kind = _KINDS[self.option]
        if self.path.suffix.lower() in kind.endings:
            return None
        return f"{self.path}: this is no name of {kind.what}; give --{self.option} one like {kind.example}."


def output_file(options: argparse.Namespace, option: str) -> OutputFile:
    """Return the file that an option names; the option must be given."""
    inputs = ((what, getattr(options, key, None)) for key, what in _INPUTS.items())
    path = getattr(options, option)
    before = getattr(options, _BEFORE)[option] if hasattr(options, _BEFORE) else _state(path)
    return OutputFile(option, path, tuple((what, Path(path)) for what, path in inputs if path), before)


def check_outputs(options: argparse.Namespace) -> None:
    """Raise FileError with a sentence for every file of the command line that must not or cannot be written. May block.

    Also notes in the options what is there, for `output_file`. So nobody plays for an hour only to find at the end that
    the recording cannot be written.
    """
    outputs = [output_file(options, name) for name in _KINDS if getattr(options, name, None)]
    problems = [problem for output in outputs if (problem := output.problem()) is not None]
    if problems:
        raise FileError("\n".join(problems))
    setattr(options, _BEFORE, {output.option: output.before for output in outputs})


def _state(path: Path) -> _State | None:
    """Return what is another one once a file was written again; None if there is no file."""
    with suppress(OSError):
        status = path.stat()
        return status.st_ino, status.st_mtime_ns, status.st_size
    return None


def _is_midi(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"MThd"


def _is_figures(path: Path) -> bool:
    """Whether a file holds figures of `jam` or `bench`; raises OSError."""
    if path.stat().st_size > _MOST_FIGURES_BYTES:
        return False
    try:
        value = json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict) and ({"restarts", "journal_lost"} <= value.keys() or "machine" in value)


_MIDI: Final = _Kind("a MIDI file", (".mid", ".midi", ".kar", ".smf"), "take.mid", _is_midi)
_FIGURES: Final = _Kind("a file of BollyLive's figures", (".json",), "figures.json", _is_figures)

_KINDS: Final = {"record": _MIDI, "out": _MIDI, "figures": _FIGURES, "json": _FIGURES}  # by option
