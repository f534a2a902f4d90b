"""A model's files: where they are, what they hold, and a copy of them in memory that outlives them.

A model is a network that chooses notes, an `.onnx` with its `.json`, and mostly a second one beside it that conducts:
`bollywood-v3` has `bollywood-conductor-v1`, the newest that lies in the same folder.

An update during the show may remove or truncate the files of the model that plays. So the supervisor keeps a copy as
an open file without a name, and each process that it starts inherits the file, down to the engine.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from bollylive.errors import ModelError
from bollylive.files.regular_file import read_regular

_PACKAGE: Final = Path(__file__).parents[1]
_FOLDERS: Final = (_PACKAGE / "models", _PACKAGE.parent / "models")  # in an installed wheel, and in a checkout
_MOST_BYTES: Final = 256 * 2**20  # a model that plays in time is far smaller
_LENGTH_BYTES: Final = 8
_CONDUCTOR: Final = re.compile(r".*-conductor(-v\d+)?")


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """The contents of a network's two files, and of its conductor's; `path` is that of the `.onnx`, for messages."""

    path: Path
    onnx: bytes
    metadata: bytes
    conductor: ModelFiles | None = None  # None: nobody conducts


def find_model(name: str) -> Path:
    """The `.onnx` of a path, an exact name (`bollywood-v1`) or the newest version of one (`bollywood`).

    Raises ModelError, which lists the models that there are.
    """
    if name.endswith(".onnx"):
        path = Path(name)
        if path.is_file():
            return path
        raise ModelError(f"{name}: there is no such model file.")
    there = {path.stem: path for folder in reversed(_FOLDERS) for path in sorted(folder.glob("*.onnx"))}
    newest = _newest(name, there)
    if name in there or newest is not None:
        return there[name if newest is None else newest]
    models = [stem for stem in sorted(there) if not _CONDUCTOR.fullmatch(stem)]
    raise ModelError(f"there is no model {name!r}; there are: {', '.join(models) or 'none'}.")


def find_conductor(onnx: Path) -> Path | None:
    """The newest conductor that lies beside a model: NAME-conductor-vN beside NAME-vM; None where there is none."""
    family = re.sub(r"-v\d+$", "", onnx.stem)
    beside = {path.stem: path for path in onnx.parent.glob("*.onnx")}
    newest = _newest(f"{family}-conductor", beside)
    return None if newest is None else beside[newest]


def read_model_files(onnx: Path) -> ModelFiles:
    """Read a model from the disk, with its conductor; raises ModelError if one of the files cannot be read."""
    conductor = find_conductor(onnx)
    return replace(_read_network(onnx), conductor=None if conductor is None else _read_network(conductor))


def _newest(name: str, stems: Iterable[str]) -> str | None:
    """The stem with the highest version of a name, such as `bollywood-v3` for `bollywood`."""
    versions = {int(m[1]): stem for stem in stems if (m := re.fullmatch(rf"{re.escape(name)}-v(\d+)", stem))}
    return versions[max(versions)] if versions else None


def _read_network(onnx: Path) -> ModelFiles:
    metadata = onnx.with_suffix(".json")
    contents = []
    for path in (onnx, metadata):
        try:
            contents.append(read_regular(path, _MOST_BYTES))
        except OSError as error:
            raise ModelError(
                f"{path}: this file of a model cannot be read ({error.strerror}); restore the .onnx with its .json."
            ) from error
    data, description = contents
    return ModelFiles(onnx, data, description)


class ModelCopy:
    """A model in memory, under the number of an open file; raises OSError if there is too little memory.

    Keep it until the program ends. On Windows there is no copy: nobody can remove or truncate a file that is in use
    there, and processes inherit no open files.
    """

    def __init__(self, files: ModelFiles) -> None:
        networks = [files] if files.conductor is None else [files, files.conductor]
        parts = [part for one in networks for part in (os.fsencode(one.path), one.metadata, one.onnx)]
        self.number = _unnamed_file()
        try:
            with os.fdopen(os.dup(self.number), "wb") as file:
                for part in parts:
                    file.write(len(part).to_bytes(_LENGTH_BYTES, "little"))
                    file.write(part)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the file; a process that has inherited it keeps the copy."""
        os.close(self.number)


def read_copy(number: int) -> ModelFiles:
    """Read the model of an inherited copy; raises ModelError if it is none."""
    networks: list[ModelFiles] = []
    place, size = 0, os.fstat(number).st_size
    while place < size or not networks:
        parts = []
        for _ in range(3):
            length = int.from_bytes(_read_at(number, _LENGTH_BYTES, place), "little")
            parts.append(_read_at(number, length, place + _LENGTH_BYTES))
            place += _LENGTH_BYTES + length
        name, metadata, onnx = parts
        networks.append(ModelFiles(Path(os.fsdecode(name)), onnx, metadata))
    return replace(networks[0], conductor=networks[1] if len(networks) > 1 else None)


def copy_model(name: str) -> ModelCopy | None:
    """Copy the model that a set names; None if the system cannot. Raises ModelError if one of its files is missing.

    The engine, which loads the model, reports what else is wrong with it.
    """
    files = read_model_files(find_model(name))
    if sys.platform == "win32":
        return None
    try:
        return ModelCopy(files)
    except OSError:
        return None


def _unnamed_file() -> int:
    if sys.platform == "linux" and hasattr(os, "memfd_create"):  # some builds of Python have none
        return os.memfd_create("bollylive-model")
    with tempfile.TemporaryFile(prefix="bollylive-") as file:
        return os.dup(file.fileno())


def _read_at(number: int, length: int, place: int) -> bytes:
    data = b""
    while len(data) < length:
        more = os.pread(number, length - len(data), place + len(data))
        if not more:
            raise ModelError("The copy of the model in memory is cut short; start the band again.")
        data += more
    return data
