"""The shelves of the design against the code: who may import whom, and what the core must not know of."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "bollylive"


def _names(words: str) -> set[str]:
    return set(words.split())


# Every room stands on one shelf. A new room is entered here first. A folder is one room.
SHELVES: dict[str, set[str]] = {
    "words": _names("band duty errors instruments note percussion shown snapshot song"),
    "core": _names("""
        answers ask assembler bias bounds capture clock codec commands conductor consonance controllers demo energy
        engine ensemble flood grid hanging_notes hearing held history inbox inquiry journal knobs lateness leadership
        lineup loopback memory pace part past performance pickup planner port_names predictor pulse punctuality
        readings recall relay revision scheduler score set_rules smf source_watch standing steering take takeover taps
        thru touch tracker turns view unheard vigil wire witness
    """),
    "edge": _names("""
        address connections entry hotplug journal_file journal_writer lasting_file lifeline link link_scout
        midi_system midifile model model_file output pipe port ports priority scribe set_watch setfile sidecar
        snapshot_reader snapshot_server spawn
    """),
    "shell": _names("""
        __init__ __main__ bench check cli copies engine_link engine_process jam leftovers options perform port_link
        port_main port_process recover rehearsal targets telemetry understudy uplink warden watch
    """),
}

# Imports point down, and edges do not know each other.
MAY_IMPORT: dict[str, set[str]] = {
    "words": {"words"},
    "core": {"words", "core"},
    "edge": {"words", "core"},
    "shell": {"words", "core", "edge", "shell"},
}

# A model's two files are read by two rooms, and the ports are kept by six; each are one edge, and so are the two ends
# of what others may watch, and the session of Link with who listens for it. All files are written in one way.
ONE_EDGE = {
    "midifile": {"output"},
    "model": {"model_file", "sidecar"},
    "ports": {"connections", "hotplug", "lifeline", "midi_system", "port"},
    "connections": {"midi_system"},
    "hotplug": {"port"},
    "journal_file": {"lasting_file"},
    "journal_writer": {"scribe"},
    "link": {"link_scout"},
    "port": {"midi_system"},
    "sidecar": {"output"},
    "snapshot_reader": {"address"},
    "snapshot_server": {"address", "pipe"},
}

# What the words and the core must not know of: time is an argument, and the world is at the edges.
WORLD = _names("""
    asyncio datetime mido multiprocessing onnxruntime os pathlib queue rtmidi select signal socket subprocess sys
    threading time
""")

# These live in the port process, which is small and quiet, or in the warden, which is no less, with all they import.
WITHOUT_NUMPY = _names("""
    address assembler band bounds clock commands conductor connections controllers copies demo duty engine_link entry
    errors flood hanging_notes held hotplug inbox jam journal journal_file journal_writer knobs lasting_file lateness
    leadership leftovers lifeline link link_scout loopback midi_system midifile model_file note output pace percussion
    pipe port port_link port_main port_names port_process ports priority pulse punctuality recover relay revision
    scheduler scribe set_rules set_watch setfile shown smf snapshot snapshot_reader song source_watch spawn standing
    steering take taps telemetry thru touch uplink vigil warden watch wire witness
""")

# Third-party libraries that have one room each.
ONE_ROOM = {
    "link": "link",
    "mido": "midifile",
    "onnxruntime": "model",
    "rtmidi": "midi_system",
    "tomllib": "setfile",
}

OFFLINE = _names("torch training onnx onnxscript symusic matplotlib tqdm")
MAY_PRINT_OR_EXIT = {"cli", "__main__", "port_main"}


def _room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


ROOMS = {path: _room_of(path) for path in sorted(PACKAGE.rglob("*.py"))}
SHELF_OF = {room: shelf for shelf, rooms in SHELVES.items() for room in rooms}


def _imports(path: Path) -> tuple[set[str], set[str]]:
    """The rooms of ours, and the top-level names of all else, that a module imports anywhere in its text."""
    own: set[str] = set()
    other: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            package = ".".join(filter(None, ["bollylive" if node.level else "", node.module or ""]))
            modules = [f"{package}.{alias.name}" for alias in node.names]
        else:
            continue
        for parts in (module.split(".") for module in modules):
            if parts[0] != "bollylive":
                other.add(parts[0])
            elif len(parts) > 1 and parts[1] in ROOMS.values():
                own.add(parts[1])
    return own, other


IMPORTS = {path: _imports(path) for path in ROOMS}


def _each_room() -> pytest.MarkDecorator:
    return pytest.mark.parametrize("path", ROOMS, ids=[str(path.relative_to(PACKAGE)) for path in ROOMS])


def _with_all_it_imports(room: str) -> set[str]:
    reached: set[str] = set()
    ahead = {room}
    while ahead:
        reached |= ahead
        ahead = {own for path, name in ROOMS.items() if name in ahead for own in IMPORTS[path][0]}
        ahead -= reached
    return reached


@_each_room()
def test_every_room_stands_on_one_shelf(path: Path) -> None:
    on = [shelf for shelf, rooms in SHELVES.items() if ROOMS[path] in rooms]
    assert len(on) == 1, f"{path.name} stands on {on or 'no shelf'}: enter it in SHELVES."


@_each_room()
def test_imports_point_down_the_shelves(path: Path) -> None:
    room = ROOMS[path]
    allowed = MAY_IMPORT[SHELF_OF[room]]
    others = IMPORTS[path][0] - {room} - ONE_EDGE.get(room, set())
    wrong = {own for own in others if SHELF_OF.get(own) not in allowed}
    assert not wrong, f"{room} ({SHELF_OF[room]}) must not import {wrong}."


@_each_room()
def test_words_and_core_know_nothing_of_the_world(path: Path) -> None:
    if SHELF_OF[ROOMS[path]] in ("words", "core"):
        assert not IMPORTS[path][1] & WORLD


@pytest.mark.parametrize("room", sorted(WITHOUT_NUMPY & set(ROOMS.values())))
def test_the_port_process_does_without_numpy(room: str) -> None:
    rooms = _with_all_it_imports(room)
    assert not [path.name for path, name in ROOMS.items() if name in rooms and "numpy" in IMPORTS[path][1]]


@_each_room()
def test_each_device_library_has_one_room(path: Path) -> None:
    assert not [library for library in IMPORTS[path][1] if ONE_ROOM.get(library, ROOMS[path]) != ROOMS[path]]


@_each_room()
def test_nothing_live_needs_the_training_tools(path: Path) -> None:
    assert not IMPORTS[path][1] & OFFLINE


@_each_room()
def test_only_the_command_line_prints_or_exits(path: Path) -> None:
    if ROOMS[path] in MAY_PRINT_OR_EXIT:
        return
    loud = {"print", "exit", "quit", "SystemExit", "_exit"}
    said = {
        node.id if isinstance(node, ast.Name) else node.attr
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Name | ast.Attribute)
    }
    assert not said & loud


@_each_room()
def test_the_wall_clock_only_dates_things(path: Path) -> None:
    """It may be set back while the band plays; what measures time are the clocks that nobody sets."""
    used = {
        node.attr
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "time"
    }
    assert used <= {"perf_counter", "monotonic", "sleep"} | (
        {"localtime", "strftime"} if ROOMS[path] == "jam" else set()
    )


@_each_room()
def test_only_the_command_line_knows_of_the_bench(path: Path) -> None:
    assert "bench" not in IMPORTS[path][0] or ROOMS[path] in ("bench", "cli")


@pytest.mark.parametrize("module", ["jam", "port_main", "bench.echo", "bench.poller", "bench.sleeper", "bench.spinner"])
def test_the_port_process_and_the_bare_programs_really_run_without_numpy(module: str) -> None:
    heavy = "{'numpy', 'onnxruntime', 'mido', 'link'}"
    code = f"import sys, bollylive.{module}; assert not {heavy} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
