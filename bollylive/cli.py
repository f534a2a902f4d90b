"""The command line: runs one command. The modules of each command are imported when it is called."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from bollylive.console import complain, finish_printing, print_in_background, say, show, show_the_rest
from bollylive.errors import BollyLiveError, CrashError, PortError, PortsLostError, ReaderGoneError
from bollylive.files.overwrite_check import check_outputs, output_file
from bollylive.options import DEMO_FILE, Command, make_parser
from bollylive.processes.shortage import explain, shortage

if TYPE_CHECKING:
    from bollylive.midi.song import Meters, Tempos, Track
    from bollylive.model.onnx_model import Model
    from bollylive.sets.settings import Set

CRASHED = 70  # EX_SOFTWARE of sysexits.h
INTERRUPTED = 128 + signal.SIGINT
READER_GONE = 128 + 13  # SIGPIPE, which Windows does not have


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return the exit status.

    0: done; 1: failed; 2: wrong arguments; 70: a process of BollyLive crashed again and again; 128 + n: ended by
    signal n.
    """
    options = make_parser(COMMANDS).parse_args(arguments)
    return _status_of(partial(_run, options))


def run() -> NoReturn:
    """Run the program: `main`, and then exit at once.

    Threads of libjack or CoreMIDI may still be running, and have crashed when the interpreter shut down around them.
    """
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:  # in the background of a shell it is ignored
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        status = main()
    except SystemExit as ended:  # by --help or --version, or by wrong arguments
        status = ended.code if isinstance(ended.code, int) else 2
        status = status or _status_of(show_the_rest)
    except KeyboardInterrupt:  # once more, at the end
        status = INTERRUPTED
    if finish_printing(0.0):  # else a flush would block
        for stream in filter(None, (sys.stdout, sys.stderr)):  # a closed one is None
            with suppress(OSError, ValueError):
                stream.flush()
    os._exit(status)


def _run(options: argparse.Namespace) -> int:
    check_outputs(options)
    return int(options.run(options))


def _status_of(command: Callable[[], int]) -> int:
    """Return the status of a command; if it fails, say why."""
    try:
        return command()
    except ReaderGoneError:
        return READER_GONE
    except BollyLiveError as failure:
        error = explain(failure)
        complain(str(error))
        return CRASHED if isinstance(error, CrashError) else 1
    except MemoryError:
        complain(shortage() or "There is too little memory; end other programs, and try again.")
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED
    finally:
        finish_printing()


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
        _write_figures(options, "figures", summary)
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
    written = _write_music(options, tracks, *time_of(song, tracks), song.problems)
    show(f"{written}: {describe(tracks)} (seed {seed})")
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
    time = ((0.0, tempo_at(song.tempos, start)),), ((0.0, bar_at(song.meters, start).length_beats),)
    written = _write_music(options, tracks, *time, song.problems)
    show(f"{written}: from beat {start:g}: {describe(tracks)} (seed {seed})")
    if options.set and band.channels:
        show("The instruments are the song's. Of the set, `generate` takes only how notes are chosen.")
    return 0


def _recover(options: argparse.Namespace) -> int:
    from bollylive.progress import Progress
    from bollylive.recover import find_recording

    progress = Progress(say, "reading the journal")
    found = find_recording(options.journal, options.minutes, progress)
    written = _write_music(options, found.tracks, found.tempos, found.meters, found.problems)
    show(f"{written}: {found.summary}")
    return 0


def _write_music(
    options: argparse.Namespace, tracks: Iterable[Track], tempos: Tempos, meters: Meters, problems: Iterable[str]
) -> Path:
    """Write the file of `--out`, and then report the problems of the source; return the path of the file."""
    from bollylive.midi.song_files import song_bytes
    from bollylive.midi.time_events import describe_substitutes

    written = output_file(options, "out").write(song_bytes(tracks, tempos, meters))
    complain(*problems, *describe_substitutes(tempos, meters))
    return written


def _write_figures(options: argparse.Namespace, option: str, figures: object) -> None:
    if (written := output_file(options, option).write_json(figures)) != getattr(options, option):
        complain(f"Another program wrote {getattr(options, option)} meanwhile; these figures are in {written}.")


def _ports(options: argparse.Namespace) -> int:
    from bollylive.ports import describe_ports

    for line in describe_ports(options.api):
        show(line)
    return 0


def _check(options: argparse.Namespace) -> int:
    from bollylive.check import check

    well, problems = check(options.set, options.api)
    for sentence in well:
        show(f"ok       {sentence}")
    for sentence in problems:
        show(f"problem  {sentence}")
    return 1 if problems else 0


def _watch(options: argparse.Namespace) -> int:
    from bollylive.journal.folder import running_folder
    from bollylive.watch import watch

    watch(running_folder(), options.hz, options.as_json, show, options.seconds)
    return 0


def _bench(options: argparse.Namespace) -> int:
    from bollylive.bench.kinds import measure
    from bollylive.processes.apart import refuse_hang
    from bollylive.set_options import chosen_band

    refuse_hang(options.api)
    figures, table = measure(options, chosen_band(options).model, say)
    if options.json:
        _write_figures(options, "json", figures)
    show(table)
    if options.set:
        show("Of the set, `bench` takes only the model.")
    return 0


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
