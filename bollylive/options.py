"""The options of every command, with their limits and their help."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import NoReturn, TypeAlias

from bollylive import __version__

Command: TypeAlias = Callable[[argparse.Namespace], int]

_COUNTLESS = 1e9  # with `:g` so large a limit would read as 9.22337e+18
DEMO_FILE = Path("bollylive-demo.mid")

_SEPARATORS = tuple(filter(None, (os.sep, os.altsep)))


def _channels(text: str) -> list[int]:
    try:
        channels = [int(part) - 1 for part in text.split(",")]
    except ValueError:
        channels = [-1]
    if not all(0 <= channel < 16 for channel in channels):
        raise argparse.ArgumentTypeError(f"channels are numbers from 1 to 16, separated by commas, not {text!r}")
    return channels


def _number(kind: Callable[[str], float], lowest: float, highest: float) -> Callable[[str], float]:
    def read(text: str) -> float:
        with suppress(ValueError):
            if lowest <= (value := kind(text)) <= highest:
                return value
        raise argparse.ArgumentTypeError(f"{what} is needed, not {text!r}")

    if highest < _COUNTLESS:
        what = f"a number from {lowest:g} to {highest:g}"
    else:
        what = f"a whole number from {lowest:g} to {int(highest)}"
    return read


def _file(text: str) -> Path:
    if not text or text.endswith(_SEPARATORS):
        raise argparse.ArgumentTypeError(f"the name of a file is needed, not {text!r}")
    return Path(text)


def _path(text: str) -> Path:
    if not text:  # which would be the current folder
        raise argparse.ArgumentTypeError("the name of a file or a folder is needed, not ''")
    return Path(text)


def _name(text: str) -> str:
    if not text.strip():  # which would be a part of every name
        raise argparse.ArgumentTypeError(f"a name is needed, not {text!r}")
    return text


class _Parser(argparse.ArgumentParser):
    """Answers a wrong command line in a sentence, and says where the options are listed instead of listing them."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}; see {self.prog} --help\n")


def _shared_options() -> tuple[argparse.ArgumentParser, argparse.ArgumentParser, argparse.ArgumentParser]:
    """Return the options that several commands have: of the model, of the band, which has a model, and of the ports."""
    model = argparse.ArgumentParser(add_help=False)
    model.add_argument(
        "--set", type=_path, metavar="FILE.toml", help="the set: who is in the band (default: the built-in set)"
    )
    model.add_argument("--model", type=_name, metavar="NAME", help="the name of a model, or the path of its .onnx file")
    band = argparse.ArgumentParser(add_help=False, parents=[model])
    band.add_argument(
        "--seed", type=_number(int, 0, 2**63 - 1), help="the same seed gives the same music (default: random)"
    )
    band.add_argument(
        "--buffer",
        type=_number(int, 4, 512),
        metavar="N",
        help="how many notes each channel remembers (default: as the model was trained)",
    )
    api = argparse.ArgumentParser(add_help=False)
    api.add_argument(
        "--api", choices=("alsa", "jack", "core", "winmm"), help="the MIDI system (default: the first that answers)"
    )
    return model, band, api


def make_parser(commands: Mapping[str, Command]) -> argparse.ArgumentParser:
    """Return the parser of all commands; a parsed command line has the function of its command as `run`."""
    parser: argparse.ArgumentParser = _Parser(prog="bollylive", description="A Bollywood band for your DAW.")
    parser.add_argument("--version", action="version", version=f"bollylive {__version__}")
    names = parser.add_subparsers(required=True, metavar="COMMAND")

    model, band, api = _shared_options()

    def add(name: str, text: str, *parents: argparse.ArgumentParser) -> argparse.ArgumentParser:
        command = names.add_parser(name, help=text, description=text, parents=parents)
        command.set_defaults(run=commands[name])
        return command

    jam = add("jam", "Let the band play along with you on MIDI ports.", band, api)
    jam.add_argument(
        "--in",
        dest="in_port",
        action="append",
        type=_name,
        metavar="PORT",
        help="connect to this input, named in full or in part; 'virtual' is a port of BollyLive's own; can be repeated",
    )
    jam.add_argument(
        "--out",
        dest="out_port",
        action="append",
        type=_name,
        metavar="PORT",
        help="connect to this output, in the same way",
    )
    jam.add_argument(
        "--tempo",
        type=_number(float, 20, 300),
        metavar="BPM",
        help="the tempo in beats per minute, unless a MIDI clock leads",
    )
    jam.add_argument(
        "--link", action="store_true", default=None, help="follow an Ableton Link session, unless a MIDI clock leads"
    )
    jam.add_argument(
        "--demo", action="store_true", help=f"let a built-in phrase be the musician, and record to {DEMO_FILE}"
    )
    jam.add_argument(
        "--record",
        type=_file,
        metavar="FILE.mid",
        help="record what everybody plays; if the file exists already, to FILE-2.mid and so on",
    )
    journal = jam.add_mutually_exclusive_group()
    journal.add_argument(
        "--journal",
        type=_path,
        metavar="FOLDER",
        help="write the journal to this folder (default: the state folder of this user)",
    )
    journal.add_argument("--no-journal", action="store_true", help="write no journal")
    jam.add_argument("--seconds", type=_number(float, 0, 1e6), metavar="N", help="stop after N seconds")
    jam.add_argument(
        "--figures", type=_file, metavar="FILE.json", help="write how late the notes were and how many were dropped"
    )

    perform = add("perform", "Let the band play along with a MIDI file, faster than real time.", band)
    perform.add_argument("input", type=_path, metavar="IN.mid", help="the song to play along with")
    perform.add_argument("--out", type=_file, required=True, metavar="OUT.mid", help="the file to write")
    perform.add_argument(
        "--channels",
        type=_channels,
        metavar="1,2,...",
        help="the channels of the song that are the musician; the band plays its other ones (default: all)",
    )
    perform.add_argument(
        "--play-on",
        type=_number(int, 0, 2000),
        metavar="BARS",
        help="how many bars the band goes on alone after the bar of the musician's last note, without a rest "
        "(default: one bar)",
    )

    generate = add("generate", "Let the band continue a song, each instrument from its last notes.", band)
    generate.add_argument(
        "--from", dest="source", type=_path, required=True, metavar="SONG.mid", help="the song to continue"
    )
    generate.add_argument(
        "--at",
        type=_number(float, 0, 1e6),
        metavar="BEAT",
        help="the beat to continue from; it begins with that bar (default: a random bar, which is printed)",
    )
    generate.add_argument(
        "--notes",
        type=_number(int, 1, 1_000_000),
        default=500,
        metavar="N",
        help="how many notes in all (default: 500)",
    )
    generate.add_argument(
        "--out", type=_file, required=True, metavar="OUT.mid", help="the file to write: the continuation alone"
    )

    recover = add("recover", "Make a MIDI file of what was played, also after a crash or while it is still played.")
    recover.add_argument(
        "journal",
        type=_path,
        nargs="?",
        metavar="JOURNAL",
        help="a journal, or a folder of journals (default: the newest journal with music)",
    )
    recover.add_argument("--out", type=_file, required=True, metavar="OUT.mid", help="the file to write")
    recover.add_argument(
        "--minutes",
        type=_number(float, 0.1, 1e6),
        metavar="N",
        help="only the last N minutes, from a bar line on",
    )

    add("ports", "List the MIDI ports that you can connect to.", api)

    checked = add("check", "Try the set, the ports and the model, and say how to solve each problem.", api)
    checked.add_argument(
        "set", type=_path, nargs="?", metavar="SET.toml", help="the set to try (default: the built-in set)"
    )

    watched = add("watch", "Show what a band in another window is doing, line by line.")
    watched.add_argument(
        "--hz", type=_number(float, 0.1, 60), default=1.0, metavar="N", help="lines per second (default: 1)"
    )
    watched.add_argument("--json", dest="as_json", action="store_true", help="print JSON lines with every detail")
    watched.add_argument("--seconds", type=_number(float, 0, 1e6), metavar="N", help="stop after N seconds")

    benched = add("bench", "Measure the model, the ports and the timing on this machine.", model, api)
    kinds = benched.add_mutually_exclusive_group()
    kinds.add_argument(
        "--live",
        action="store_true",
        help="measure the timing alone and on a busy machine, and compare it with what a stage needs",
    )
    kinds.add_argument(
        "--beside", type=_path, metavar="FOLDER", help="the same, beside another version, whose code is in this folder"
    )
    kinds.add_argument(
        "--costs", action="store_true", help="measure how the cost grows with the channels and the tempo"
    )
    kinds.add_argument(
        "--bands", type=_number(int, 1, 16), metavar="N", help="measure N bands at once, five minutes on one core"
    )
    benched.add_argument("--quick", action="store_true", help="only try it out: a few seconds, and rough figures")
    benched.add_argument("--json", type=_file, metavar="FILE.json", help="also write the figures to a file")
    return parser
