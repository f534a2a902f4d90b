"""The folders of the training against the code: who may import whom."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def _names(words: str) -> set[str]:
    return set(words.split())


# A folder may import those that are named beside it, and all of them stand before it. A new one is entered here first.
MAY_IMPORT: dict[str, set[str]] = {
    "data": set(),
    "arranging": _names("data"),
    "sequences": _names("data"),
    "network": set(),
    "trainer": _names("data sequences network"),
    "baselines": _names("data sequences"),
    "measuring": _names("data sequences baselines"),
    "exporting": _names("data sequences network trainer measuring"),
    "listening": _names("data"),
}

# Modules in no folder: the words of all, which know no folder, and the command line, which nobody imports.
WORDS = _names("errors recipe writing")
COMMAND_LINE = _names("__main__ options stages")

FOLDERS = {"training", *(f"training.{folder}" for folder in MAY_IMPORT)}


def _module(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


MODULES = {_module(path): path for path in sorted((ROOT / "training").rglob("*.py"))}


def _imported(path: Path) -> Iterator[str]:
    """The modules of the training that one imports anywhere in its text, by whole names."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: import by whole names."
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            yield from {name, name.rpartition(".")[0]} & set(MODULES) - FOLDERS


IMPORTS = {module: set(_imported(path)) for module, path in MODULES.items()}


def _place(module: str) -> str:
    """The folder of a module, or its own name where it is in none."""
    return module.split(".")[1]


@pytest.mark.parametrize("module", sorted(set(MODULES) - FOLDERS))
def test_every_module_imports_only_what_its_folder_may(module: str) -> None:
    place = _place(module)
    if place in COMMAND_LINE:
        return
    assert place in WORDS | set(MAY_IMPORT), f"{module}: enter its folder in MAY_IMPORT."
    allowed = WORDS if place in WORDS else MAY_IMPORT[place] | WORDS | {place}
    wrong = {other for other in IMPORTS[module] if _place(other) not in allowed}
    assert not wrong, f"{module} must not import {wrong}."


def test_the_table_itself_points_one_way() -> None:
    before: set[str] = set()
    for folder, allowed in MAY_IMPORT.items():
        assert allowed <= before, f"{folder} may import what does not stand before it."
        before.add(folder)


def test_no_two_modules_import_each_other_by_any_way_round() -> None:
    assert set(TopologicalSorter(IMPORTS).static_order()) == set(MODULES)


@pytest.mark.parametrize("folder", sorted(FOLDERS))
def test_a_folder_says_what_it_is_for_names_all_its_modules_and_does_nothing(folder: str) -> None:
    tree = ast.parse(MODULES[folder].read_text(encoding="utf-8"))
    said = ast.get_docstring(tree)
    assert said is not None
    assert len(tree.body) == 1
    inside = {module.removeprefix(f"{folder}.") for module in MODULES if module.rpartition(".")[0] == folder}
    assert not [name for name in inside - {"__main__"} if f"`{name}`" not in said]
