"""What may stand on the command line, and what it must look like."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TypeAlias

from bollylive import __version__

Command: TypeAlias = Callable[[argparse.Namespace], int]

DEMO_FILE = Path("bollylive-demo.mid")

_SEPARATORS = tuple(filter(None, (os.sep, os.altsep)))


def _channels(text: str) -> list[int]:
    try:
        channels = [int(part) - 1 for part in text.split(",")]
    except ValueError:
        channels = [-1]
    if not all(0 <= channel < 16 for channel in channels):
        raise argparse.ArgumentTypeError(f"channels are numbers from 1 to 16 with commas between, not {text!r}")
    return channels


def _number(kind: Callable[[str], float], lowest: float, highest: float) -> Callable[[str], float]:
    def read(text: str) -> float:
        with suppress(ValueError):
            if lowest <= (value := kind(text)) <= highest:
                return value
        raise argparse.ArgumentTypeError(f"a number from {lowest:g} to {highest:g} is needed, not {text!r}")

    return read


def _file(text: str) -> Path:
    if not text or text.endswith(_SEPARATORS):
        raise argparse.ArgumentTypeError(f"the name of a file is needed, not {text!r}")
    return Path(text)


def make_parser(commands: Mapping[str, Command]) -> argparse.ArgumentParser:
    """The parser of all commands; a parsed line has the command's function as `run`."""
    parser = argparse.ArgumentParser(prog="bollylive", description="A Bollywood band for your DAW.")
    parser.add_argument("--version", action="version", version=f"bollylive {__version__}")
    names = parser.add_subparsers(required=True, metavar="COMMAND")

    band = argparse.ArgumentParser(add_help=False)
    band.add_argument("--set", type=Path, metavar="FILE.toml", help="the band (default: the one that comes along)")
    band.add_argument("--model", metavar="NAME", help="a model's name, or the path of its .onnx")
    band.add_argument(
        "--seed", type=_number(int, 0, 2**63 - 1), help="the same seed, the same music (default: by chance)"
    )
    band.add_argument(
        "--buffer",
        type=_number(int, 4, 512),
        metavar="N",
        help="how many notes each channel remembers (default: the model's)",
    )
    api = argparse.ArgumentParser(add_help=False)
    api.add_argument("--api", choices=("alsa", "jack", "core", "winmm"), help="the MIDI system (default: what answers)")

    def add(name: str, text: str, *parents: argparse.ArgumentParser) -> argparse.ArgumentParser:
        command = names.add_parser(name, help=text, description=text, parents=parents)
        command.set_defaults(run=commands[name])
        return command

    jam = add("jam", "Play along on MIDI ports.", band, api)
    jam.add_argument(
        "--in",
        dest="in_port",
        action="append",
        metavar="PORT",
        help="join this input, by its name or a part of it; 'virtual' is our own; may be given several times",
    )
    jam.add_argument("--out", dest="out_port", action="append", metavar="PORT", help="join this output, likewise")
    jam.add_argument(
        "--tempo", type=_number(float, 20, 300), metavar="BPM", help="the tempo, unless a MIDI clock leads"
    )
    jam.add_argument(
        "--link", action="store_true", default=None, help="follow an Ableton Link session, where no MIDI clock leads"
    )
    jam.add_argument("--demo", action="store_true", help=f"play a built-in phrase as the musician; records {DEMO_FILE}")
    jam.add_argument(
        "--record",
        type=_file,
        metavar="FILE.mid",
        help="write what everybody played; where a file is there already, to FILE-2.mid, and so on",
    )
    journal = jam.add_mutually_exclusive_group()
    journal.add_argument(
        "--journal", type=Path, metavar="FOLDER", help="where the journal goes (default: this user's state folder)"
    )
    journal.add_argument("--no-journal", action="store_true", help="keep no journal")
    jam.add_argument("--seconds", type=_number(float, 0, 1e6), help="stop after so long")
    jam.add_argument(
        "--figures", type=_file, metavar="FILE.json", help="write how late notes were, and what was dropped"
    )

    perform = add("perform", "Play along with a MIDI file, faster than real time.", band)
    perform.add_argument("input", type=Path, metavar="IN.mid")
    perform.add_argument("--out", type=_file, required=True, metavar="OUT.mid")
    perform.add_argument(
        "--channels", type=_channels, metavar="1,2,...", help="the file's channels that are the musician (default: all)"
    )

    generate = add("generate", "Go on with a song from its last notes.", band)
    generate.add_argument("--from", dest="source", type=Path, required=True, metavar="SONG.mid")
    generate.add_argument("--at", type=_number(float, 0, 1e6), metavar="BEAT", help="where (default: a random bar)")
    generate.add_argument(
        "--notes", type=_number(int, 1, 1_000_000), default=500, help="how many in all (default: 500)"
    )
    generate.add_argument("--out", type=_file, required=True, metavar="OUT.mid")

    recover = add("recover", "Make a MIDI file of a journal: what was played, also after a crash, also while it plays.")
    recover.add_argument(
        "journal",
        type=Path,
        nargs="?",
        metavar="JOURNAL",
        help="a journal, or a folder of journals (default: the newest with music)",
    )
    recover.add_argument("--out", type=_file, required=True, metavar="OUT.mid")
    recover.add_argument(
        "--minutes",
        type=_number(float, 0.1, 1e6),
        metavar="N",
        help="only the last so many minutes, from a bar line on",
    )

    add("ports", "List the MIDI ports that can be joined.", api)

    checked = add("check", "Try the set, the ports and the model; every problem with its cure.", api)
    checked.add_argument("set", type=Path, nargs="?", metavar="SET.toml")

    watched = add("watch", "Show what the band does that plays in another window, line by line.")
    watched.add_argument(
        "--hz", type=_number(float, 0.1, 60), default=1.0, metavar="N", help="lines a second (default: 1)"
    )
    watched.add_argument("--json", dest="as_json", action="store_true", help="lines of JSON, with all that is known")
    watched.add_argument("--seconds", type=_number(float, 0, 1e6), help="stop after so long")

    benched = add("bench", "Measure this machine: the model, the ports, the timing.", band, api)
    benched.add_argument(
        "--live", action="store_true", help="the timing alone and on a busy machine, against what a stage needs"
    )
    benched.add_argument("--quick", action="store_true", help="only try it: a few seconds, and figures that say little")
    benched.add_argument("--json", type=_file, metavar="FILE", help="write the figures as well")
    return parser
