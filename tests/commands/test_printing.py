"""A result that cannot be printed is an error; what a jam says on the way is not."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from command_line import JOURNAL, NO_SERVER, ROOT, sentence

FULL = Path("/dev/full")

on_linux = pytest.mark.skipif(not FULL.exists(), reason="there is no disk that is always full")

# Each command that prints its result, with what it needs of the machine left out.
MODEL = "bollylive.cli._model = lambda *_: None; "
RESULTS = {
    "ports": "bollylive.ports.describe_ports = lambda *_: ['jack in: none']",
    "check": "bollylive.check.check = lambda *_: (['all of it'], [])",
    "watch --seconds 1": "",
    "watch --seconds 1000": "",
    "recover a.jsonl --out a.mid": "",
    "perform a.mid --out b.mid": MODEL + "bollylive.perform.perform = lambda *_: []",
    "generate --from a.mid --at 0 --out c.mid": MODEL + "bollylive.generate.generate = lambda *_: []",
    "bench": "bollylive.bench.bench.bench = lambda *_: {}; bollylive.bench.report.describe_figures = lambda *_: 'fast'",
    "--version": "",
    "ports --help": "",
}
MODULES = "check", "cli", "generate", "perform", "ports", "bench.bench", "bench.report"

Program = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def program(tmp_path: Path, song: Path) -> Program:
    """The program itself, with parts replaced, and its standard output given as a shell writes it."""
    (tmp_path / "a.jsonl").write_bytes(JOURNAL)
    (tmp_path / "a.mid").write_bytes(song.read_bytes())

    def run(arguments: str, redirected: str) -> subprocess.CompletedProcess[str]:
        imports = "".join(f"import bollylive.{module}\n" for module in MODULES)
        code = f"import sys\n{imports}{RESULTS[arguments]}\nsys.argv[1:] = {arguments.split()}\nbollylive.cli.run()"
        command = ["bash", "-c", f'set -o pipefail; "$0" -c "$1" {redirected}', sys.executable, code]
        environment = {**os.environ, **NO_SERVER, "PYTHONPATH": str(ROOT), "XDG_STATE_HOME": str(tmp_path)}
        return subprocess.run(command, cwd=tmp_path, env=environment, text=True, capture_output=True, check=False)

    return run


@on_linux
@pytest.mark.parametrize("arguments", RESULTS)
def test_a_result_that_finds_no_room_is_an_error_in_one_sentence(arguments: str, program: Program) -> None:
    ended = program(arguments, f">{FULL}")
    assert ended.returncode == 1, ended.stderr
    complaints = [line for line in ended.stderr.splitlines() if "breaks off" not in line]
    assert "cannot be written to standard output (No space left on device)" in sentence("\n".join(complaints))


@on_linux
@pytest.mark.parametrize("arguments", ["ports", "watch --seconds 1000", "check"])
def test_where_the_reader_has_gone_a_command_ends_at_once_without_a_word(arguments: str, program: Program) -> None:
    ended = program(arguments, "| true")
    assert (ended.returncode, ended.stderr) == (141, "")


@on_linux
@pytest.mark.parametrize("arguments", ["ports", "check"])
def test_a_result_that_nobody_wants_is_no_error(arguments: str, program: Program) -> None:
    ended = program(arguments, ">&-")
    assert (ended.returncode, ended.stderr) == (0, "")
