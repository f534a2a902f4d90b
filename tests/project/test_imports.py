"""Which folder may import which, and what the core must not know of: the walls of the house, as a table."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "bollylive"


def _names(words: str) -> set[str]:
    return set(words.split())


# Each folder, and each module that stands beside the folders, with what it may import of ours.
MAY_IMPORT: dict[str, set[str]] = {
    "errors": set(),
    "quoting": set(),
    "files": _names("errors"),
    "midi": _names("errors quoting files"),
    "model": _names("errors files midi"),
    "sets": _names("errors quoting midi"),
    "clock": _names("errors midi"),
    "protocol": _names("midi clock sets"),
    "io": _names("errors midi clock sets protocol"),
    "journal": _names("errors files midi clock sets protocol"),
    "snapshot": _names("errors midi clock sets protocol"),
    "engine": _names("errors midi model sets clock protocol journal snapshot"),
    "processes": _names("errors files midi model sets clock protocol io journal engine snapshot"),
}
COMMANDS = _names(
    "__init__ __main__ bench check cli demo_player jam offline options overwrite_check perform recover watch"
)
MAY_IMPORT |= {command: set(MAY_IMPORT) | COMMANDS for command in COMMANDS}

# What the core must not know of: time is an argument, and the world is at the edges.
WORLD = _names("""
    asyncio datetime mido multiprocessing onnxruntime os pathlib queue rtmidi select signal socket subprocess sys
    threading time
""")
CORE = _names("midi model sets clock protocol io journal engine")

# The modules of the core through which it touches the world: files, devices, and other programs.
EDGES = _names("""
    clock.link clock.link_discovery io.connections io.jack_liveness io.joining io.rtmidi_backend
    journal.file_thread journal.folder journal.writer midi.song_files model.metadata model.model_files
    model.onnx_model sets.default_file sets.reload sets.setfile
""")

# The process with the ports is small and quiet: it runs none of this.
HEAVY = _names("numpy onnxruntime mido link")

# Third-party libraries that one module each knows.
ONE_MODULE = {
    "link": "clock.link",
    "mido": "midi.song_files",
    "onnxruntime": "model.onnx_model",
    "rtmidi": "io.rtmidi_backend",
    "tomllib": "sets.setfile",
}

OFFLINE = _names("torch training onnx onnxscript symusic matplotlib tqdm")
MAY_PRINT_OR_EXIT = _names("cli __main__ processes.io_child")
MAY_DATE = _names("jam")


def _module_of(path: Path) -> str:
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts)


def _folder_of(module: str) -> str:
    return module.split(".", maxsplit=1)[0]


MODULES = {_module_of(path): path for path in sorted(PACKAGE.rglob("*.py"))}
TREES = {module: ast.parse(path.read_text(encoding="utf-8")) for module, path in MODULES.items()}


def _imports(module: str) -> tuple[set[str], set[str]]:
    """The modules of ours, and the top-level names of all else, that a module imports anywhere in its text."""
    own: set[str] = set()
    other: set[str] = set()
    for node in ast.walk(TREES[module]):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{module}: imports are written in full."
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            package, _, rest = name.partition(".")
            if package != "bollylive":
                other.add(package)
            elif rest in MODULES:
                own.add(rest)
            elif rest.rpartition(".")[0] in MODULES:
                own.add(rest.rpartition(".")[0])
    return own, other


IMPORTS = {module: _imports(module) for module in MODULES}


def _each_module() -> pytest.MarkDecorator:
    return pytest.mark.parametrize("module", MODULES)


@_each_module()
def test_a_folder_imports_only_what_the_table_allows(module: str) -> None:
    folder = _folder_of(module)
    assert folder in MAY_IMPORT, f"{folder} has no line in MAY_IMPORT."
    wrong = {own for own in IMPORTS[module][0] if _folder_of(own) not in MAY_IMPORT[folder] | {folder}}
    assert not wrong, f"{module} must not import {wrong}."


def test_no_modules_import_each_other_in_a_circle() -> None:
    left = {module: set(own) for module, (own, _) in IMPORTS.items()}
    while free := {module for module, own in left.items() if not own & set(left)}:
        left = {module: own for module, own in left.items() if module not in free}
    assert not left, f"in a circle, or above one: {sorted(left)}"


@_each_module()
def test_the_core_knows_nothing_of_the_world(module: str) -> None:
    if _folder_of(module) in CORE and module not in EDGES:
        assert not IMPORTS[module][1] & WORLD


@_each_module()
def test_each_device_library_has_one_module(module: str) -> None:
    assert not [library for library in IMPORTS[module][1] if ONE_MODULE.get(library, module) != module]


@_each_module()
def test_nothing_live_needs_the_training_tools(module: str) -> None:
    assert not IMPORTS[module][1] & OFFLINE


@_each_module()
def test_only_the_command_line_prints_or_exits(module: str) -> None:
    if module in MAY_PRINT_OR_EXIT:
        return
    loud = {"print", "exit", "quit", "SystemExit", "_exit"}
    said = {
        node.id if isinstance(node, ast.Name) else node.attr
        for node in ast.walk(TREES[module])
        if isinstance(node, ast.Name | ast.Attribute)
    }
    assert not said & loud


@_each_module()
def test_the_wall_clock_only_dates_things(module: str) -> None:
    """It may be set back while the band plays; what measures time are the clocks that nobody sets."""
    used = {
        node.attr
        for node in ast.walk(TREES[module])
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "time"
    }
    assert used <= {"perf_counter", "monotonic", "sleep"} | ({"localtime", "strftime"} if module in MAY_DATE else set())


@_each_module()
def test_only_the_command_line_knows_of_the_bench(module: str) -> None:
    if module != "cli" and _folder_of(module) != "bench":
        assert not [own for own in IMPORTS[module][0] if _folder_of(own) == "bench"]


@pytest.mark.parametrize(
    "module",
    ["jam", "processes.io_child", "bench.echo", "bench.poller", "bench.sleeper", "bench.spinner"],
)
def test_the_process_with_the_ports_and_the_bare_programs_run_without_numpy(module: str) -> None:
    """`jam` is the supervisor, which is no less quiet."""
    code = f"import sys, bollylive.{module}; assert not {HEAVY} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
