"""What README.md tells people to type is understood, and what it points to is there."""

from __future__ import annotations

import argparse
import re
import shlex
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path

import pytest

from bollylive import options
from bollylive.cli import COMMANDS
from training.options import make_parser


def _commands() -> argparse.ArgumentParser:
    return options.make_parser(COMMANDS)


ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")

# A shell's prompt, or a virtual environment's folder, may stand before a program.
PROGRAMS: dict[str, Callable[[], ArgumentParser]] = {
    r"(?:\$ )?(?:\.venv[\\/]\w+[\\/])?bollylive": _commands,
    r"(?:\$ )?python3? -m bollylive": _commands,
    r"(?:\$ )?python3? -m training": make_parser,
}


def block_lines() -> list[str]:
    """The lines of code blocks, fenced or indented."""
    fenced = re.findall(r"^```.*\n([\s\S]*?)^```", TEXT, re.MULTILINE)
    indented = re.findall(r"^(?: {4}|\t)(.+)$", re.sub(r"^```.*\n[\s\S]*?^```", "", TEXT, flags=re.MULTILINE), re.M)
    return [line.strip() for line in [*"\n".join(fenced).replace("\\\n", " ").splitlines(), *indented]]


def spans() -> list[str]:
    """The code within sentences; a line may end inside it."""
    return [" ".join(span.split()) for span in re.findall(r"(?<!`)`([^`]+)`(?!`)", TEXT)]


def typed() -> list[str]:
    """Each command of a line, without what stands before it and after it."""
    return [part.strip() for line in (*block_lines(), *spans()) for part in line.split("&&")]


def paths() -> list[str]:
    """The targets of links and pictures that lie in the project, and code spans that begin with one of its folders."""
    links = [target.split("#")[0] for target in re.findall(r"\]\(([^)\s]+)\)", TEXT) if "://" not in target]
    named = [span for span in spans() if re.fullmatch(r"[\w.-]+/[\w./-]*", span)]
    folders = {path.name for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith(".")}
    return [target for target in links if target] + [span for span in named if span.split("/")[0] in folders]


@pytest.mark.parametrize("pattern", PROGRAMS)
def test_every_command_line_is_understood(pattern: str) -> None:
    parser = PROGRAMS[pattern]()
    for line in typed():
        if match := re.match(rf"{pattern} (.+)", line):
            arguments = shlex.split(match[1], comments=True)
            try:
                parser.parse_args(arguments)
            except SystemExit as end:
                pytest.fail(f"README.md says {line!r}, which ends with status {end.code}.")


def test_the_commands_are_found_at_all() -> None:
    commands = [line for line in typed() if re.match(next(iter(PROGRAMS)) + " ", line)]
    assert {line.split()[1] for line in commands} >= {
        "jam",
        "perform",
        "generate",
        "recover",
        "ports",
        "check",
        "bench",
    }
    assert any(line.startswith("make ") for line in typed())


def test_every_target_of_make_is_there_and_passes_on_what_is_understood() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([\w.-]+):", makefile, re.MULTILINE))
    for line in typed():
        if not re.match(r"make\b", line):
            continue
        words = shlex.split(line, comments=True)[1:]
        asked = [word for word in words if "=" not in word]
        assert asked, line
        assert set(asked) <= targets, line
        given = dict(word.split("=", 1) for word in words if "=" in word)
        assert all(re.search(rf"^{name} \?=", makefile, re.MULTILINE) for name in given), line
        if asked[0] in ("jam", "bench"):
            _commands().parse_args([asked[0], *shlex.split(given.get("ARGS", ""))])


@pytest.mark.parametrize("path", sorted(set(paths())))
def test_what_it_points_to_is_there(path: str) -> None:
    assert (ROOT / path).exists()


def test_no_figure_is_left_to_be_filled_in() -> None:
    assert re.findall(r"@[A-Z]+@", TEXT) == []


def test_every_line_of_what_it_does_names_tests_that_are_there() -> None:
    table = TEXT.split("## What it does on stage")[1].split("\n## ")[0]
    rows = [line.split("|") for line in table.splitlines() if line.startswith("| ") and not line.startswith("| |")]
    named = {name.strip() for row in rows for name in row[3].split(",")}
    assert len(rows) > 30
    tests = {path.stem.removeprefix("test_") for path in (ROOT / "tests").rglob("test_*.py")}
    assert named - tests == set()
