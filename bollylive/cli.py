"""The command line: the only room that prints or exits. Heavy rooms are imported when their command is called."""

from __future__ import annotations

import argparse
import os
import secrets
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TextIO

from bollylive.errors import BollyLiveError, CrashError, PortError, PortsLostError
from bollylive.files.whole_file import free_name, write_file
from bollylive.options import DEMO_FILE, Command, make_parser
from bollylive.overwrite_check import Target, check_targets, target

if TYPE_CHECKING:
    from bollylive.sets.band import Set

CRASHED = 70  # EX_SOFTWARE of sysexits.h


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit status.

    0 done, 1 failed, 2 asked wrongly, 70 crashed again and again, 128 + n ended by signal n.
    """
    options = make_parser(_COMMANDS).parse_args(arguments)
    try:
        check_targets(options)
        return int(options.run(options))
    except BollyLiveError as error:
        _complain(str(error))
        return CRASHED if isinstance(error, CrashError) else 1
    except KeyboardInterrupt:
        return 130


def _say(text: str) -> None:
    _print(text, sys.stdout)


def _complain(text: str) -> None:
    _print(f"bollylive: {text}", sys.stderr)


def _print(text: str, stream: TextIO | None) -> None:
    """Print a line; what the terminal has no letter for, such as a path that is no text, is spelt out."""
    # A terminal that is gone must not end the music before its notes are.
    with suppress(OSError, ValueError):
        if stream is not None:
            encoding = stream.encoding or "utf-8"
            print(text.encode(encoding, "backslashreplace").decode(encoding), file=stream, flush=True)


def _band(options: argparse.Namespace) -> Set:
    from bollylive.sets.setfile import default_set, load_set

    band = load_set(options.set) if options.set else default_set()
    changes = {"tempo_bpm": "tempo", "model": "model", "buffer_notes": "buffer", "in_port": "in_port", "link": "link"}
    given = {field: getattr(options, name, None) for field, name in {**changes, "out_port": "out_port"}.items()}
    fields: dict[str, Any] = {
        field: tuple(value) if isinstance(value, list) else value for field, value in given.items() if value is not None
    }
    return replace(band, **fields)


def _seed(options: argparse.Namespace, band: Set) -> int:
    if options.seed is not None:
        return int(options.seed)
    return secrets.randbits(32) if band.seed is None else band.seed


def _jam(options: argparse.Namespace) -> int:
    from bollylive.jam import JamOptions, jam
    from bollylive.journal.folder import default_folder
    from bollylive.sets.reload import SetWatch

    band = _band(options)
    seed = _seed(options, band)
    record = options.record or (DEMO_FILE if options.demo else None)
    journal = None if options.no_journal else options.journal or default_folder()
    watch = SetWatch(options.set, lambda: _band(options)) if options.set else None
    if record is not None:
        _tell_number(record)
    try:
        jam_options = JamOptions(options.api, options.demo, record, journal, options.seconds, seed, watch)
        status, summary = jam(band, jam_options, _say)
    except PortError as error:
        take = options.record and not options.demo  # what is no take must not look like one
        if take or options.api or band.in_port or band.out_port or isinstance(error, PortsLostError):
            raise
        _complain(str(error))
        _say("Until then, here is the demo without ports:")
        if record is None:
            _tell_number(DEMO_FILE)
        return _demo_in_process(band, record or DEMO_FILE, seed)
    if "planned_notes" in summary:  # the last process told
        _say(
            "planned notes {planned_notes:.0f}, late {late_ms_p50:.2f} ms p50, {late_ms_p99:.2f} ms p99, "
            "{late_ms_max:.2f} ms at most; dropped late {dropped_late:.0f}".format(**summary)
        )
    if options.figures:
        _write_json(target(options, "figures"), summary)
    return status


def _tell_number(record: Path) -> None:
    """Say so where a recording will get another name, since a file is there that stays."""
    if (name := free_name(record)) != record:
        _say(f"{record} is there already; the recording goes to {name}.")


def _demo_in_process(band: Set, record: Path, seed: int) -> int:
    from bollylive.jam import write_recording
    from bollylive.model.model_files import find_model
    from bollylive.model.onnx_model import Model
    from bollylive.perform import perform_demo

    take = perform_demo(band, Model(find_model(band.model)), seed)
    write_recording(take.tracks(), take.tempos(), record, band, _say)
    return 0


def _perform(options: argparse.Namespace) -> int:
    from bollylive.midi.song import describe
    from bollylive.midi.song_files import read_song, write_song
    from bollylive.model.model_files import find_model
    from bollylive.model.onnx_model import Model
    from bollylive.perform import perform

    band, song = _band(options), read_song(options.input)
    seed = _seed(options, band)
    tracks = perform(song, options.channels, band, Model(find_model(band.model)), seed)
    write_song(options.out, tracks, song.tempos, song.meters, target(options, "out").check)
    for problem in song.problems:
        _complain(problem)
    _say(f"{options.out}: {describe(tracks)} (seed {seed})")
    return 0


def _generate(options: argparse.Namespace) -> int:
    from bollylive.midi.song import describe, tempo_at
    from bollylive.midi.song_files import read_song, write_song
    from bollylive.model.model_files import find_model
    from bollylive.model.onnx_model import Model
    from bollylive.perform import generate, place

    band, song = _band(options), read_song(options.source)
    seed = _seed(options, band)
    start = place(song, options.at, seed)
    tracks = generate(song, start, options.notes, band, Model(find_model(band.model)), seed)
    tempos = ((0.0, tempo_at(song.tempos, start)),)
    write_song(options.out, tracks, tempos, song.meters[:1], target(options, "out").check)
    for problem in song.problems:
        _complain(problem)
    _say(f"{options.out}: from beat {start:g}: {describe(tracks)} (seed {seed})")
    return 0


def _recover(options: argparse.Namespace) -> int:
    from bollylive.midi.song_files import write_song
    from bollylive.recover import find_recording

    found = find_recording(options.journal, options.minutes)
    write_song(options.out, found.tracks, found.tempos, found.meters, target(options, "out").check)
    for problem in found.problems:
        _complain(problem)
    _say(f"{options.out}: {found.summary}")
    return 0


def _ports(options: argparse.Namespace) -> int:
    from bollylive.io.rtmidi_backend import available_apis, list_ports

    problems = []
    apis = [options.api] if options.api else available_apis()
    for api in apis:
        try:
            inputs, outputs = list_ports(api)
        except PortError as error:
            problems.append(str(error))
            continue
        for kind, names in (("in", inputs), ("out", outputs)):
            _say(f"{api} {kind}: {', '.join(names) or 'none'}")
    for problem in problems:
        _complain(problem)
    return 1 if len(problems) == len(apis) else 0


def _check(options: argparse.Namespace) -> int:
    from bollylive.check import check

    well, problems = check(options.set, options.api)
    for sentence in well:
        _say(f"ok       {sentence}")
    for sentence in problems:
        _say(f"problem  {sentence}")
    return 1 if problems else 0


def _watch(options: argparse.Namespace) -> int:
    from bollylive.journal.folder import running_folder
    from bollylive.watch import watch

    watch(running_folder(), options.hz, options.as_json, _say, options.seconds)
    return 0


def _bench(options: argparse.Namespace) -> int:
    from bollylive.bench.bench import bench, bench_live
    from bollylive.bench.report import FULL, QUICK, describe_figures

    measure, size = bench_live if options.live else bench, QUICK if options.quick else FULL
    figures = measure(_band(options), options.api, size, _say)
    _say(describe_figures(figures))
    if options.json:
        _write_json(target(options, "json"), figures)
    return 0


def _write_json(place: Target, value: object) -> None:
    import json

    write_file(place.path, json.dumps(value, indent=1).encode() + b"\n", place.check)


_COMMANDS: dict[str, Command] = {
    "jam": _jam,
    "perform": _perform,
    "generate": _generate,
    "recover": _recover,
    "ports": _ports,
    "check": _check,
    "watch": _watch,
    "bench": _bench,
}


def run() -> NoReturn:
    """The program itself: `main`, and then out, at once.

    Threads of libjack or CoreMIDI may still be about; tearing the interpreter down under them has crashed.
    """
    try:
        status = main()
    except SystemExit as asked_wrongly:
        status = asked_wrongly.code if isinstance(asked_wrongly.code, int) else 2
    for stream in filter(None, (sys.stdout, sys.stderr)):  # a closed one is None
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(status)
