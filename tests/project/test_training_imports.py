"""The architecture of training/ as rules: which stage imports which, and what each folder says of itself."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from module_graph import Module, check_no_cycle, folder_of, read_modules

MODULES = read_modules(Path(__file__).parents[2] / "training")


def _names(text: str) -> set[str]:
    return set(text.split())


# Every folder may import these modules, which import no folder.
SHARED = _names("errors key_profiles recipe writing")

# What each folder may import, beside itself and the shared modules. A folder may only import those above it.
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
    "judging": set(),
    "playing": _names("data judging"),
    "conducting": _names("data arranging trainer exporting judging playing"),
}

# The command line imports everything, and nothing imports it.
COMMAND_LINE = _names("__init__ __main__ conduct_options conduct_stages option_types options stages")


def test_every_module_is_in_a_folder_of_the_table() -> None:
    assert {module.folder for module in MODULES.values()} == SHARED | set(MAY_IMPORT) | COMMAND_LINE


def test_folders_import_only_what_the_table_allows() -> None:
    def forbidden(module: Module) -> set[str]:
        allowed = SHARED | MAY_IMPORT.get(module.folder, set()) | {module.folder}
        return {imported for imported in module.imports if folder_of(imported) not in allowed}

    checked = {name: module for name, module in MODULES.items() if module.folder not in COMMAND_LINE}
    assert {name: wrong for name, module in checked.items() if (wrong := forbidden(module))} == {}


def test_the_table_allows_a_folder_only_those_above_it() -> None:
    above: set[str] = set()
    for folder, allowed in MAY_IMPORT.items():
        assert allowed <= above, folder
        above.add(folder)


def test_no_modules_import_each_other_in_a_cycle() -> None:
    check_no_cycle(MODULES)


@pytest.mark.parametrize("folder", ["", *MAY_IMPORT])
def test_a_folder_describes_itself_names_its_modules_and_does_nothing(folder: str) -> None:
    prefix = f"{folder}." if folder else ""
    tree = MODULES[f"{prefix}__init__"].tree
    description = ast.get_docstring(tree)
    assert description is not None
    assert len(tree.body) == 1, "the docstring must be all"
    names = {name.removeprefix(prefix) for name in MODULES if name.startswith(prefix)}
    inside = {name for name in names if "." not in name} - {"__init__", "__main__"}
    assert {name for name in inside if f"`{name}`" not in description} == set()
