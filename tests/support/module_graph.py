"""The modules of a package and their imports, read from the source without running it."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path


@dataclass(frozen=True)
class Module:
    """One module. `name` is without the package, such as `midi.parser`; a folder's own module is `midi.__init__`."""

    name: str
    path: Path
    tree: ast.Module
    imports: frozenset[str]  # modules of the same package
    libraries: frozenset[str]  # top-level names of everything else

    @property
    def folder(self) -> str:
        """The folder of the package that it is in, or its own name if it is in none."""
        return folder_of(self.name)

    @property
    def lines(self) -> int:
        """The number of lines of its source."""
        return len(self.path.read_text(encoding="utf-8").splitlines())


def folder_of(name: str) -> str:
    """The folder of a module by name, or the name itself for a module in no folder."""
    return name.partition(".")[0]


def read_modules(package: Path) -> dict[str, Module]:
    """Return all modules of a package by name, with what each imports anywhere in its text."""
    paths = {".".join(path.relative_to(package).with_suffix("").parts): path for path in sorted(package.rglob("*.py"))}
    modules = {}
    for name, path in paths.items():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        own: set[str] = set()
        libraries: set[str] = set()
        for imported in _imported(tree, path):
            top, _, rest = imported.partition(".")
            if top != package.name:
                libraries.add(top)
            else:
                own |= {rest, rest.rpartition(".")[0]} & paths.keys()
        modules[name] = Module(name, path, tree, frozenset(own), frozenset(libraries))
    return modules


def check_no_cycle(modules: dict[str, Module]) -> None:
    """Raise graphlib.CycleError, with the cycle, if modules import each other."""
    TopologicalSorter({name: module.imports for name, module in modules.items()}).prepare()


def _imported(tree: ast.Module, path: Path) -> list[str]:
    """The full name of everything that is imported."""
    names: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: write imports in full, not relative."
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    return names
