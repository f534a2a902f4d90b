"""The command line: runs one command. The modules of each command are imported when it is called."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, NoReturn

from bollylive.console import complain, finish_printing, print_in_background, say
from bollylive.errors import BollyLiveError, CrashError, PortError, PortsLostError
from bollylive.files.overwrite_check import check_outputs, output_file
from bollylive.options import DEMO_FILE, Command, make_parser

if TYPE_CHECKING:
    from bollylive.bench.report import BenchSize, Figures
    from bollylive.midi.song import Meters, Tempos, Track
    from bollylive.model.onnx_model import Model
    from bollylive.sets.settings import Set

CRASHED = 70  # EX_SOFTWARE of sysexits.h
INTERRUPTED = 128 + signal.SIGINT


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return the exit status.

    0: done; 1: failed; 2: wrong arguments; 70: a process of BollyLive crashed again and again; 128 + n: ended by
    signal n.
    """
    options = make_parser(COMMANDS).parse_args(arguments)
    try:
        check_outputs(options)
        return int(options.run(options))
    except BollyLiveError as error:
        complain(str(error))
        return CRASHED if isinstance(error, CrashError) else 1
    except KeyboardInterrupt:
        return INTERRUPTED
    finally:
        finish_printing()


def run() -> NoReturn:
    """Run the program: `main`, and then exit at once.

    Threads of libjack or CoreMIDI may still be running, and have crashed when the interpreter shut down around them.
    """
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:  # in the background of a shell it is ignored
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        status = main()
    except SystemExit as wrong_arguments:
        status = wrong_arguments.code if isinstance(wrong_arguments.code, int) else 2
    except KeyboardInterrupt:  # once more, at the end
        status = INTERRUPTED
    if finish_printing(0.0):  # else a flush would block
        for stream in filter(None, (sys.stdout, sys.stderr)):  # a closed one is None
            with suppress(OSError, ValueError):
                stream.flush()
    os._exit(status)


def _jam(options: argparse.Namespace) -> int:
    from bollylive.jam import JamOptions, describe_summary, jam
    from bollylive.jam_files import announce_number
    from bollylive.journal.folder import default_folder
    from bollylive.set_options import chosen_band, chosen_seed, chosen_set
    from bollylive.sets.reload import SetWatch

    print_in_background()
    band = chosen_band(options)
    seed = chosen_seed(options, band)
    record = options.record or (DEMO_FILE if options.demo else None)
    journal = None if options.no_journal else options.journal or default_folder()
    watch = SetWatch(options.set, lambda: chosen_set(options)) if options.set else None
    if record is not None:
        announce_number(record, say)
    try:
        jam_options = JamOptions(options.api, options.demo, record, journal, options.seconds, seed, watch)
        status, summary = jam(band, jam_options, say)
    except PortError as error:
        wants_recording = options.record and not options.demo  # a demo must not pass for the musician's recording
        wants_ports = options.api or band.in_port or band.out_port or band.link
        wants_report = options.journal or options.figures  # of what happens on ports
        if wants_recording or wants_ports or wants_report or isinstance(error, PortsLostError):
            raise
        from bollylive.demo_offline import record_demo

        complain(str(error))
        say("Until then, here is the demo without ports:")
        if record is None:
            announce_number(DEMO_FILE, say)
        record_demo(band, record or DEMO_FILE, seed, say, options.seconds)
        return 0
    if (description := describe_summary(summary)) is not None:
        say(description)
    if options.figures:
        output_file(options, "figures").write_json(summary)
    return status


def _model(band: Set) -> Model:
    from bollylive.model.model_files import find_model
    from bollylive.model.onnx_model import Model

    return Model(find_model(band.model))


def _perform(options: argparse.Namespace) -> int:
    from bollylive.midi.song import describe
    from bollylive.midi.song_files import read_song
    from bollylive.perform import describe_missing, describe_silence, perform, time_of
    from bollylive.progress import Progress
    from bollylive.set_options import chosen_band, chosen_seed

    band = chosen_band(options)
    song = read_song(options.input, smpte_bpm=band.tempo_bpm)
    seed = chosen_seed(options, band)
    progress = Progress(say, song.name)
    tracks = perform(song, options.channels, band, _model(band), seed, progress, options.play_on)
    _write_music(options, tracks, *time_of(song, tracks), song.problems)
    say(f"{options.out}: {describe(tracks)} (seed {seed})")
    complain(*filter(None, (describe_missing(song, options.channels), describe_silence(tracks, band))))
    return 0


def _generate(options: argparse.Namespace) -> int:
    from bollylive.generate import generate, start_beat
    from bollylive.midi.bars import bar_at
    from bollylive.midi.song import describe, tempo_at
    from bollylive.midi.song_files import read_song
    from bollylive.set_options import chosen_band, chosen_seed

    band = chosen_band(options)
    song = read_song(options.source, smpte_bpm=band.tempo_bpm)
    seed = chosen_seed(options, band)
    start = start_beat(song, options.at, seed)
    tracks = generate(song, start, options.notes, band, _model(band), seed)
    meter = bar_at(song.meters, start).length_beats
    _write_music(options, tracks, ((0.0, tempo_at(song.tempos, start)),), ((0.0, meter),), song.problems)
    say(f"{options.out}: from beat {start:g}: {describe(tracks)} (seed {seed})")
    if options.set and band.channels:
        say("The instruments are the song's. Of the set, `generate` takes only how notes are chosen.")
    return 0


def _recover(options: argparse.Namespace) -> int:
    from bollylive.progress import Progress
    from bollylive.recover import find_recording

    progress = Progress(say, "reading the journal")
    found = find_recording(options.journal, options.minutes, progress)
    _write_music(options, found.tracks, found.tempos, found.meters, found.problems)
    say(f"{options.out}: {found.summary}")
    return 0


def _write_music(
    options: argparse.Namespace, tracks: Iterable[Track], tempos: Tempos, meters: Meters, problems: Iterable[str]
) -> None:
    """Write the file of `--out`, and then report the problems of the source."""
    from bollylive.midi.song_files import write_song
    from bollylive.midi.time_events import describe_substitutes

    write_song(options.out, tracks, tempos, meters, output_file(options, "out").check)
    complain(*problems, *describe_substitutes(tempos, meters))


def _ports(options: argparse.Namespace) -> int:
    from bollylive.ports import describe_ports

    for line in describe_ports(options.api):
        say(line)
    return 0


def _check(options: argparse.Namespace) -> int:
    from bollylive.check import check

    well, problems = check(options.set, options.api)
    for sentence in well:
        say(f"ok       {sentence}")
    for sentence in problems:
        say(f"problem  {sentence}")
    return 1 if problems else 0


def _watch(options: argparse.Namespace) -> int:
    from bollylive.journal.folder import running_folder
    from bollylive.watch import watch

    watch(running_folder(), options.hz, options.as_json, say, options.seconds)
    return 0


def _bench(options: argparse.Namespace) -> int:
    from bollylive.bench.report import FULL, QUICK
    from bollylive.set_options import chosen_band

    figures, table = _measure(options, chosen_band(options).model, QUICK if options.quick else FULL)
    say(table)
    if options.set:
        say("Of the set, `bench` takes only the model.")
    if options.json:
        output_file(options, "json").write_json(figures)
    return 0


def _measure(options: argparse.Namespace, model: str, size: BenchSize) -> tuple[Figures, str]:
    """The figures that are asked for, and how they are printed."""
    from bollylive.bench.bands import bench_bands
    from bollylive.bench.bench import bench, bench_live
    from bollylive.bench.costs import bench_costs, describe_costs
    from bollylive.bench.report import describe_figures

    if options.costs:
        costs = bench_costs(model, options.api, size.cost_s, say)
        return costs, describe_costs(costs)
    if options.bands:
        figures = bench_bands(model, options.api, options.bands, size.bands_s, say)
    elif options.live or options.beside:
        figures = bench_live(model, options.api, size, say, options.beside)
    else:
        figures = bench(model, options.api, size, say)
    return figures, describe_figures(figures)


COMMANDS: dict[str, Command] = {
    "jam": _jam,
    "perform": _perform,
    "generate": _generate,
    "recover": _recover,
    "ports": _ports,
    "check": _check,
    "watch": _watch,
    "bench": _bench,
}
