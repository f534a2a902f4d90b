"""What README.md and the pages in docs/ tell people to type is understood, and what they point to is there."""

from __future__ import annotations

import argparse
import re
import shlex
import tomllib
from argparse import ArgumentParser
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from test_imports import MAY_IMPORT, MODULES

from bollylive import options
from bollylive.cli import COMMANDS
from bollylive.sets.control_set import ACTIONS
from bollylive.sets.reload import FIXED
from bollylive.sets.schema import Setting
from bollylive.sets.setfile import parse_set
from bollylive.sets.settings import CHANNEL_SETTINGS, CONTROL_SETTINGS, KNOBS, SET_SETTINGS, ChannelSet, Set
from training.options import make_parser

ROOT = Path(__file__).parents[2]
PAGES = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for path in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
}
SETTINGS = {**SET_SETTINGS, **CHANNEL_SETTINGS, **CONTROL_SETTINGS}


def _commands() -> ArgumentParser:
    return options.make_parser(COMMANDS)


# A shell's prompt, variables, PipeWire's wrapper, or a virtual environment's folder may stand before a program.
BEFORE = r"(?:\$ )?(?:[A-Z_]+=\S+ )*(?:pw-jack(?: -p \d+)? )?"
PROGRAMS: dict[str, Callable[[], ArgumentParser]] = {
    BEFORE + r"(?:\.venv[\\/]\w+[\\/])?bollylive": _commands,
    BEFORE + r"python3? -m bollylive": _commands,
    BEFORE + r"python3? -m training": make_parser,
}


def fenced_blocks(text: str) -> list[tuple[str, str]]:
    """The (language, content) of each fenced block."""
    return re.findall(r"^```(.*)\n([\s\S]*?)^```", text, re.MULTILINE)


def without_fences(text: str) -> str:
    return re.sub(r"^```.*\n[\s\S]*?^```", "", text, flags=re.MULTILINE)


def block_lines(text: str) -> list[str]:
    """The lines of code blocks, fenced or indented."""
    fenced = "\n".join(content for _, content in fenced_blocks(text)).replace("\\\n", " ").splitlines()
    indented = re.findall(r"^(?: {4}|\t)(.+)$", without_fences(text), re.MULTILINE)
    return [line.strip() for line in [*fenced, *indented]]


def spans(text: str) -> list[str]:
    """The code within sentences; a line may end inside it."""
    return [" ".join(span.split()) for span in re.findall(r"(?<!`)`([^`]+)`(?!`)", without_fences(text))]


def typed(text: str) -> list[str]:
    """Each command of a line, without what stands before it and after it."""
    return [part.strip() for line in (*block_lines(text), *spans(text)) for part in line.split("&&")]


def path_spans(text: str) -> list[str]:
    """The code spans that name a file or folder: those that begin with a folder of the project or of `bollylive`."""
    tops = [ROOT, ROOT / "bollylive", ROOT / "tests"]
    folders = {path.name for top in tops for path in top.iterdir() if path.is_dir() and not path.name.startswith(".")}
    named = [span for span in spans(text) if re.fullmatch(r"[\w.-]+/[\w./-]*|[\w-]+\.py", span)]
    return [span for span in named if span.split("/")[0] in folders or span.endswith(".py")]


def is_there(span: str) -> bool:
    return any((top / span).exists() for top in (ROOT, ROOT / "bollylive", ROOT / "tests"))


def section(page: str, title: str) -> str:
    """What stands under one heading, without what stands under the headings below it."""
    (found,) = re.findall(rf"^#+ {re.escape(title)}\n([\s\S]*?)(?=^#|\Z)", PAGES[page], re.MULTILINE)
    return str(found)


def table_rows(text: str) -> list[list[str]]:
    """The cells of the rows of all tables, without their headings."""
    lines = [line for line in text.splitlines() if line.lstrip().startswith("|")]
    rows = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in lines]
    rules = [n for n, row in enumerate(rows) if all(re.fullmatch(r":?-+:?", cell) for cell in row)]
    return [row for n, row in enumerate(rows) if n not in rules and n + 1 not in rules]


def first_codes(text: str) -> list[str]:
    """The code spans of the first column."""
    return [code for row in table_rows(text) for code in re.findall(r"`([^`]+)`", row[0])]


def subparsers(parser: ArgumentParser) -> dict[str, ArgumentParser]:
    (choices,) = [action.choices for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    return dict(choices)


def option_strings(parser: ArgumentParser) -> set[str]:
    return {name for action in parser._actions for name in action.option_strings} - {"-h", "--help"}


def every_page() -> pytest.MarkDecorator:
    return pytest.mark.parametrize("page", PAGES)


@every_page()
@pytest.mark.parametrize("pattern", PROGRAMS)
def test_every_command_line_is_understood(page: str, pattern: str) -> None:
    parser = PROGRAMS[pattern]()
    for line in typed(PAGES[page]):
        if match := re.match(rf"{pattern} (.+)", line):
            if (arguments := shlex.split(match[1], comments=True)) in (["COMMAND", "--help"], ["--version"]):
                continue
            try:
                parser.parse_args(arguments)
            except SystemExit as end:
                pytest.fail(f"{page} says {line!r}, which ends with status {end.code}.")


@pytest.mark.parametrize("page", ["README.md", "docs/commands.md"])
def test_every_command_is_told_of(page: str) -> None:
    lines = [line for line in typed(PAGES[page]) if re.match(next(iter(PROGRAMS)) + " ", line)]
    assert {line.split()[1] for line in lines} >= set(COMMANDS)


def test_the_first_page_names_targets_of_make() -> None:
    assert any(line.startswith("make ") for line in typed(PAGES["README.md"]))


@every_page()
def test_every_target_of_make_is_there_and_passes_on_what_is_understood(page: str) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([\w.-]+):", makefile, re.MULTILINE))
    for line in typed(PAGES[page]):
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


@every_page()
def test_every_program_of_the_tests_is_there_and_has_the_options(page: str) -> None:
    for line in typed(PAGES[page]):
        if match := re.match(r"python3? (tests/\S+)(.*)", line):
            text = (ROOT / match[1]).read_text(encoding="utf-8")
            asked = re.findall(r"--[\w-]+", match[2])
            assert all(f'"{option}"' in text for option in asked), line


@every_page()
def test_every_option_in_a_sentence_belongs_to_a_command(page: str) -> None:
    parsers = [_commands(), *subparsers(_commands()).values(), *subparsers(make_parser()).values()]
    known = {name for parser in parsers for name in option_strings(parser)}
    named = [span.split()[0] for span in spans(PAGES[page]) if span.startswith("--")]
    assert not [name for name in named if name not in known]


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_the_page_of_commands_has_every_option_and_no_other(command: str) -> None:
    told = [code.split()[0] for code in first_codes(section("docs/commands.md", command))]
    assert sorted(told) == sorted(option_strings(subparsers(_commands())[command]))


@every_page()
def test_what_it_links_to_is_there(page: str) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", without_fences(PAGES[page])):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        to = ((ROOT / page).parent / path).resolve() if path else ROOT / page
        assert to.exists(), target
        if anchor:
            text = PAGES[to.relative_to(ROOT).as_posix()]
            titles = re.findall(r"^#+ (.+)$", without_fences(text), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w -]", "", title).lower().replace(" ", "-") for title in titles}, target


@every_page()
def test_every_file_it_names_is_there(page: str) -> None:
    drawn = [path for line in block_lines(PAGES[page]) for path in re.findall(r"[\w/]+/\w+\.(?:py|toml)\b", line)]
    assert not [path for path in path_spans(PAGES[page]) + drawn if not is_there(path)]


@every_page()
def test_no_figure_is_left_to_be_filled_in(page: str) -> None:
    assert re.findall(r"@[A-Z]+@", PAGES[page]) == []


@every_page()
def test_every_set_is_one(page: str) -> None:
    for language, content in fenced_blocks(PAGES[page]):
        if language == "toml":
            assert isinstance(parse_set(content, page), Set)


@every_page()
def test_every_setting_in_a_sentence_is_one(page: str) -> None:
    for span in spans(PAGES[page]):
        if match := re.fullmatch(r"([a-z_]+) = .+", span):
            assert match[1] in SETTINGS, span
            (value,) = tomllib.loads(span).values()
            SETTINGS[match[1]].kind.read(value)


def test_the_page_of_sets_has_every_key_and_no_other() -> None:
    assert sorted(first_codes(section("docs/sets.md", "The set"))) == sorted(SET_SETTINGS)
    assert sorted(first_codes(section("docs/sets.md", "Channels"))) == sorted(CHANNEL_SETTINGS)
    assert sorted(first_codes(section("docs/sets.md", "Controls"))) == sorted([*CONTROL_SETTINGS, *ACTIONS])
    assert set(spans(section("docs/sets.md", "Controls"))) >= set(KNOBS)


@pytest.mark.parametrize(
    ("title", "settings"), [("The set", SET_SETTINGS), ("Channels", CHANNEL_SETTINGS), ("Controls", CONTROL_SETTINGS)]
)
def test_the_page_of_sets_has_the_ranges(title: str, settings: Mapping[str, Setting]) -> None:
    ranges = 0
    for row in table_rows(section("docs/sets.md", title)):
        key = row[0].split("`")[1]
        if match := re.match(r"(-?[\d.]+) to (-?[\d.]+)", row[1]):
            lowest, highest = (float(end) if "." in end else int(end) for end in match.groups())
            for allowed in (lowest, highest):
                settings[key].kind.read(allowed)
            for refused in (lowest - 1, highest + 1):
                with pytest.raises(ValueError, match="must be"):
                    settings[key].kind.read(refused)
            ranges += 1
    assert ranges


@pytest.mark.parametrize(("title", "fresh"), [("The set", Set()), ("Channels", ChannelSet(0))])
def test_the_page_of_sets_has_the_defaults(title: str, fresh: Set | ChannelSet) -> None:
    defaults = 0
    for row in table_rows(section("docs/sets.md", title)):
        if re.fullmatch(r"-?[\d.]+|true|false|`.+`", row[2]):
            value = getattr(fresh, row[0].split("`")[1])
            assert row[2].strip("`") in (str(value), f"{value:g}" if isinstance(value, float) else str(value).lower())
            defaults += 1
    assert defaults


def test_the_page_of_sets_says_which_keys_wait_for_the_next_start() -> None:
    rows = table_rows(section("docs/sets.md", "The set"))
    assert {row[0].split("`")[1] for row in rows if row[0].endswith("*")} >= set(FIXED)


def test_every_row_of_what_is_tested_names_tests_that_are_there() -> None:
    rows = table_rows(PAGES["docs/what-is-tested.md"])
    assert len(rows) > 30
    for what, _, shown_by in rows:
        named = re.findall(r"`([^`]+)`", shown_by)
        assert named, what
        assert not [name for name in named if not re.fullmatch(r"\w+/test_\w+\.py", name)], what
        assert not [name for name in named if not (ROOT / "tests" / name).is_file()], what


def test_the_page_of_the_architecture_has_the_folders_with_what_they_may_import() -> None:
    rows = table_rows(section("docs/architecture.md", "The folders"))
    told = {row[0].strip("`/"): set(re.findall(r"\w+", row[2])) for row in rows}
    commands = {name for name in MAY_IMPORT if "cli" in MAY_IMPORT[name]}
    assert told == {name: may for name, may in MAY_IMPORT.items() if name not in commands}
    assert {module.split(".")[0] for module in MODULES} <= {*told, *commands}
