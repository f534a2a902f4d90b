"""The architecture of bollylive/ as rules: who imports whom, what the core must not use, how large a module may be.

Each rule is one test; it names every module that breaks it.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path
from statistics import median

import pytest
from module_graph import Module, check_no_cycle, folder_of, read_modules

ROOT = Path(__file__).parents[2]
MODULES = read_modules(ROOT / "bollylive")


def _names(text: str) -> set[str]:
    return set(text.split())


# What each folder may import, beside itself. A folder may only import those above it.
MAY_IMPORT: dict[str, set[str]] = {
    "errors": set(),
    "plain_text": set(),
    "threads": set(),
    "files": _names("errors"),
    "midi": _names("errors files"),
    "model": _names("errors files midi"),
    "sets": _names("errors files midi"),
    "clock": _names("errors midi"),
    "protocol": _names("midi clock sets"),
    "io": _names("errors threads midi clock sets protocol"),
    "journal": _names("errors files midi clock sets protocol"),
    "snapshot": _names("errors files midi clock sets protocol"),
    "engine": _names("errors midi model sets clock protocol journal snapshot"),
    "processes": _names("errors plain_text threads files midi model sets clock protocol io journal engine snapshot"),
}

# The commands and what they share may import every folder, and each other.
COMMANDS = _names("bench check generate jam perform ports recover watch")
SHARED_BY_COMMANDS = _names("""
    __init__ __main__ cli console demo_offline demo_player jam_files offline options set_options
    progress song_band timeline
""")
MAY_IMPORT |= {name: set(MAY_IMPORT) | COMMANDS | SHARED_BY_COMMANDS for name in COMMANDS | SHARED_BY_COMMANDS}

# The core is pure: time is an argument, and it uses none of these.
CORE = _names("midi model sets clock protocol io journal engine")
NOT_IN_THE_CORE = _names("""
    asyncio datetime mido multiprocessing onnxruntime os pathlib queue rtmidi select signal socket subprocess
    supriya_midi sys threading time
""")

# The modules in the folders of the core that deal with files, devices, and other programs.
EDGES = _names("""
    clock.link clock.link_discovery io.connections io.jack_liveness io.midi_library io.port_joining
    io.python_rtmidi io.rtmidi_backend io.supriya_rtmidi
    journal.file_thread journal.folder journal.writer midi.song_files model.chord_metadata model.chord_model
    model.metadata model.model_files model.onnx_model model.onnx_session sets.default_file sets.reload sets.setfile
""")

# Each of these libraries is imported by one module only.
ONLY_IMPORTED_BY = {
    "link": "clock.link",
    "onnxruntime": "model.onnx_session",
    "rtmidi": "io.python_rtmidi",
    "supriya_midi": "io.supriya_rtmidi",
    "tomllib": "sets.setfile",
}

# What the training needs, and a musician does not install.
TRAINING_ONLY = _names("torch training onnx onnxscript symusic matplotlib tqdm")

# The process with the ports must be small and quiet: it loads none of these. The same holds for the supervisor, which
# is `jam`, and for the programs beside which BollyLive is measured.
HEAVY = _names("numpy onnxruntime link")
LIGHT_PROGRAMS = ["jam", "processes.io_child", "bench.references"]

PRINT_OR_EXIT = _names("__main__ cli console options processes.io_child")
READ_THE_WALL_CLOCK = _names("jam_files")  # it dates journals

MEDIAN_LINES, MOST_LINES = 110, 250

# Folders of tests without a folder in bollylive/: the commands at its top, programs on real ports, rules of the
# project, what tests share, and the training.
OTHER_TESTS = _names("commands live project support training")


def test_every_module_is_in_a_folder_of_the_table() -> None:
    assert {module.folder for module in MODULES.values()} == set(MAY_IMPORT)


def test_folders_import_only_what_the_table_allows() -> None:
    def forbidden(module: Module) -> set[str]:
        allowed = MAY_IMPORT[module.folder] | {module.folder}
        return {imported for imported in module.imports if folder_of(imported) not in allowed}

    assert {name: wrong for name, module in MODULES.items() if (wrong := forbidden(module))} == {}


def test_the_table_allows_a_folder_only_those_above_it() -> None:
    above: set[str] = set()
    for folder, allowed in MAY_IMPORT.items():
        if folder not in COMMANDS | SHARED_BY_COMMANDS:
            assert allowed <= above, folder
        above.add(folder)


def test_no_modules_import_each_other_in_a_cycle() -> None:
    check_no_cycle(MODULES)


def test_only_the_command_line_imports_the_bench() -> None:
    importers = {
        name for name, module in MODULES.items() for imported in module.imports if folder_of(imported) == "bench"
    }
    assert {name for name in importers if folder_of(name) != "bench"} == {"cli"}


def test_the_core_is_pure() -> None:
    core = {name: module for name, module in MODULES.items() if module.folder in CORE and name not in EDGES}
    assert {name: wrong for name, module in core.items() if (wrong := module.libraries & NOT_IN_THE_CORE)} == {}


def test_every_edge_needs_to_be_one() -> None:
    needless = {name for name in EDGES if not MODULES[name].libraries & (NOT_IN_THE_CORE | ONLY_IMPORTED_BY.keys())}
    assert needless == set()


@pytest.mark.parametrize("library", ONLY_IMPORTED_BY)
def test_each_device_library_is_imported_by_one_module(library: str) -> None:
    importers = {name for name, module in MODULES.items() if library in module.libraries}
    assert importers == {ONLY_IMPORTED_BY[library]}


def test_no_module_needs_the_tools_of_the_training() -> None:
    assert {name: wrong for name, module in MODULES.items() if (wrong := module.libraries & TRAINING_ONLY)} == {}


@pytest.mark.parametrize("module", LIGHT_PROGRAMS)
def test_the_light_programs_load_no_heavy_library(module: str) -> None:
    code = f"import sys, bollylive.{module}; print({HEAVY} & set(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    assert loaded == "set()\n"


def test_only_the_command_line_prints_or_exits() -> None:
    def used(module: Module) -> set[str]:
        nodes = list(ast.walk(module.tree))
        names = {node.id for node in nodes if isinstance(node, ast.Name)}
        attributes = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
        return (names | attributes) & {"print", "exit", "quit", "SystemExit", "_exit"}

    assert {name for name, module in MODULES.items() if used(module)} == PRINT_OR_EXIT


def test_time_is_measured_by_clocks_that_nobody_sets() -> None:
    def used(module: Module) -> set[str]:
        return {
            node.attr
            for node in ast.walk(module.tree)
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "time"
        }

    wall_clock = {
        name
        for name, module in MODULES.items()
        if used(module) - {"perf_counter", "monotonic", "sleep", "process_time"}
    }
    assert wall_clock == READ_THE_WALL_CLOCK


def test_every_module_has_a_docstring() -> None:
    assert {name for name, module in MODULES.items() if not ast.get_docstring(module.tree)} == set()


def test_modules_are_small() -> None:
    lines = {name: module.lines for name, module in MODULES.items() if not name.endswith("__init__")}
    assert median(lines.values()) <= MEDIAN_LINES
    assert {name: count for name, count in lines.items() if count > MOST_LINES} == {}


def test_the_folders_of_the_tests_mirror_those_of_the_code() -> None:
    code = {module.folder for name, module in MODULES.items() if "." in name}
    tests = {path.parent.relative_to(ROOT / "tests").as_posix() for path in (ROOT / "tests").rglob("test_*.py")}
    assert tests == code | OTHER_TESTS - {"support"}
