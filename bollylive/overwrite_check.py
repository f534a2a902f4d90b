"""What a command may write over: the kind of file that it writes, and nothing that it reads.

All of a command line is looked at before any work is done, and each file once more when it is about to be replaced.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bollylive.errors import FileError
from bollylive.files.whole_file import failure, follow

_LARGEST_FIGURES: Final = 2**20  # bytes; they are some kilobytes

_READ: Final = {
    "set": "the set",
    "input": "the music that is played along with",
    "source": "the music that is gone on with",
    "journal": "the journal",
    "model": "the model",
}
_PROTECTED: Final = {".toml": "a set", ".jsonl": "a journal", ".onnx": "a model"}  # even where they are empty
_MIDI_ENDINGS: Final = (".mid", ".midi", ".kar", ".smf")


def is_midi(path: Path) -> bool:
    """Whether a file is a MIDI file; raises OSError."""
    with path.open("rb") as file:
        return file.read(4) == b"MThd"


def is_figures(path: Path) -> bool:
    """Whether a file holds the figures of jam or bench; raises OSError."""
    if path.stat().st_size > _LARGEST_FIGURES:
        return False
    try:
        value = json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict) and ({"restarts", "journal_lost"} <= value.keys() or "machine" in value)


_KINDS: Final[dict[str, tuple[str, Callable[[Path], bool]]]] = {
    "out": ("MIDI file", is_midi),
    "figures": ("file of figures that BollyLive wrote", is_figures),
    "json": ("file of figures that BollyLive wrote", is_figures),
}


@dataclass(frozen=True, slots=True)
class Target:
    """One file that a command is to write, with all that the command reads by what it is."""

    option: str
    path: Path
    read: tuple[tuple[str, Path], ...] = ()

    def problem(self) -> str | None:
        """Why it must or can not be written, in a sentence with the cure. May block."""
        taken = os.path.lexists(self.path)
        for what, source in self.read:
            with suppress(OSError):
                if taken and self.path.samefile(source):
                    return f"{self.path}: this is {what}; give --{self.option} another name."
        try:
            return self._misplaced() or (self._foreign() if taken else None)
        except FileError as error:
            return str(error)
        except OSError as error:
            return str(failure(self.path, error))

    def check(self) -> None:
        """Raise FileError where there is a problem."""
        if (problem := self.problem()) is not None:
            raise FileError(problem)

    def _misplaced(self) -> str | None:
        # A recording never replaces a link, but gets a number; what it leads to does not matter.
        path = self.path if self.option == "record" and self.path.is_symlink() else follow(self.path)
        if not path.parent.is_dir():
            return f"{self.path}: there is no folder {path.parent}; make it, or choose another."
        if not os.access(path.parent, os.W_OK):
            return f"{self.path}: nothing can be written in {path.parent}; choose another folder."
        return None

    def _foreign(self) -> str | None:
        ending = self.path.suffix.lower()
        if self.option == "record":
            if ending in _MIDI_ENDINGS:
                return None
            return f"{self.path}: this is there, and its name is no MIDI file's; give --record a name like take.mid."
        name, is_own = _KINDS[self.option]
        if ending in _PROTECTED:
            return f"{self.path}: this is {_PROTECTED[ending]}, which stays; give --{self.option} another name."
        if self.path.stat().st_size and not is_own(self.path):
            return f"{self.path}: what is there is no {name}, and stays; give --{self.option} another name."
        return None


def target(options: argparse.Namespace, name: str) -> Target:
    """The file that an option names, which must be given."""
    read = ((what, getattr(options, key, None)) for key, what in _READ.items())
    return Target(name, getattr(options, name), tuple((what, Path(path)) for what, path in read if path))


def check_targets(options: argparse.Namespace) -> None:
    """Raise FileError with a sentence on every file that a command is asked to write and must or can not.

    What has been played must not find at the end that there is nowhere to write it. May block.
    """
    targets = [target(options, name) for name in ("record", *_KINDS) if getattr(options, name, None)]
    problems = [problem for each in targets if (problem := each.problem()) is not None]
    places: dict[str, str] = {}
    for each in targets:
        place = os.path.realpath(each.path).casefold()  # on some systems, what differs in case alone is one file
        if place in places:
            problems.append(f"{each.path}: --{places[place]} and --{each.option} need different names.")
        places[place] = each.option
    if problems:
        raise FileError("\n".join(problems))
