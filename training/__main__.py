"""The command line of the training: `python -m training prepare | train | evaluate | export | draw`.

Each stage is imported when it is asked for: only some of them need torch.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path

from bollylive.errors import BollyLiveError
from training.recipe import ModelConfig, TrainConfig

FAILED = 2
STOPPED = 130


def run_prepare(args: argparse.Namespace) -> None:
    """MIDI to arrays."""
    from training.prepare import prepare

    prepare(args.data, args.out, args.workers)


def run_train(args: argparse.Namespace) -> None:
    """Arrays to checkpoints; what is not given is as the run began, or else the default."""
    from training.runfolder import read_config
    from training.train import train

    sizes, config = read_config(args.run)
    given = {name: value for name, value in vars(args).items() if value is not None}
    sizes = replace(sizes, **{f.name: given[f.name] for f in fields(ModelConfig) if f.name in given})
    config = replace(config, **{f.name: given[f.name] for f in fields(TrainConfig) if f.name in given})
    train(args.data, args.run, sizes, config)
    print(f"The run in {args.run} is complete; export comes next.")


def run_evaluate(args: argparse.Namespace) -> None:
    """Measure a shipped model."""
    from training.evaluate import evaluate, table

    report = evaluate(args.model, args.data, args.split, args.limit, args.workers)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    print(table(report))


def run_export(args: argparse.Namespace) -> None:
    """A checkpoint to the files that are shipped."""
    from training.export import export

    made = export(args.run, args.name, args.data, args.models, args.manifest, args.limit, args.remark)
    figures = made.figures
    print(
        f"{made.onnx}: {figures.size_bytes / 1e6:.2f} MB, {figures.int8_bits:.3f} bits per note on held-out music "
        f"({figures.float_bits:.3f} in float), its .json and .md beside it."
    )


def run_draw(args: argparse.Namespace) -> None:
    """A MIDI file as a picture."""
    from training.draw import draw_song

    draw_song(args.song, args.out)


def _at_least(least: int) -> Callable[[str], int]:
    def whole_number(text: str) -> int:
        value = int(text)
        if value < least:
            raise argparse.ArgumentTypeError(f"it must be at least {least}, not {value}")
        return value

    return whole_number


def _positive(text: str) -> float:
    value = float(text)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"it must be more than 0, not {text}")
    return value


_LEAST = {"length": 8, "workers": 0, "warmup": 0, "seed": 0}


def _add_settings(parser: argparse.ArgumentParser) -> None:
    for setting in (*fields(ModelConfig), *fields(TrainConfig)):
        name = f"--{setting.name.replace('_', '-')}"
        text = f"{setting.metadata['help']} (default: {setting.default})"
        if isinstance(setting.default, bool):
            parser.add_argument(name, action=argparse.BooleanOptionalAction, default=None, help=text)
        elif isinstance(setting.default, int):
            least = _at_least(_LEAST.get(setting.name, 1))
            parser.add_argument(name, type=least, metavar="N", help=text)
        elif isinstance(setting.default, float):
            parser.add_argument(name, type=_positive, metavar="X", help=text)
        else:
            parser.add_argument(name, choices=("auto", "cpu", "cuda"), help=text)


def make_parser() -> argparse.ArgumentParser:
    """The parser of all stages."""
    parser = argparse.ArgumentParser("python -m training", description="From MIDI files to a model for BollyLive.")
    stages = parser.add_subparsers(title="stages, in this order", required=True, metavar="STAGE")
    cores = os.cpu_count() or 1

    stage = stages.add_parser("prepare", help="read MIDI files into compact arrays")
    stage.set_defaults(run_stage=run_prepare)
    _add_sources(stage)
    stage.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="where the prepared corpora go")
    stage.add_argument(
        "--workers", type=_at_least(1), default=cores, metavar="N", help="processes (default: %(default)s)"
    )

    stage = stages.add_parser(
        "train",
        help="train on prepared corpora",
        description="Train on prepared corpora, or go on with a run that was stopped. The defaults below are those of "
        "a new run; a resumed one goes on as it began.",
    )
    stage.set_defaults(run_stage=run_train)
    stage.add_argument("--data", type=Path, required=True, metavar="PREPARED", help="what prepare wrote")
    stage.add_argument("--run", type=Path, required=True, metavar="FOLDER", help="where checkpoints and metrics go")
    _add_settings(stage)

    stage = stages.add_parser("evaluate", help="measure a model's bits per note on any MIDI files")
    stage.set_defaults(run_stage=run_evaluate)
    stage.add_argument("--model", required=True, metavar="MODEL", help="an .onnx file, or a model's name")
    _add_sources(stage)
    stage.add_argument(
        "--split",
        choices=("valid", "all"),
        default="all",
        help="all songs (default), or only those that training holds out: right for corpora that were trained on",
    )
    stage.add_argument("--limit", type=_at_least(1), metavar="SEQUENCES", help="at most so many of a corpus, at random")
    stage.add_argument("--out", type=Path, required=True, metavar="FILE", help="where the report goes, as JSON")
    stage.add_argument(
        "--workers", type=_at_least(1), default=cores, metavar="N", help="processes (default: %(default)s)"
    )

    stage = stages.add_parser("export", help="write, check and describe the model that is played")
    stage.set_defaults(run_stage=run_export)
    stage.add_argument("--run", type=Path, required=True, metavar="FOLDER", help="a run of train")
    stage.add_argument("--name", required=True, help="the model's name and version, such as bollywood-v1")
    stage.add_argument("--data", type=Path, required=True, metavar="PREPARED", help="what the run was trained on")
    stage.add_argument(
        "--models", type=Path, default=Path("models"), metavar="FOLDER", help="where it goes (default: %(default)s)"
    )
    stage.add_argument(
        "--manifest", type=Path, metavar="FILE", help="what is in the data (default: PREPARED/manifest.json)"
    )
    stage.add_argument(
        "--limit",
        type=_at_least(1),
        default=200,
        metavar="SEQUENCES",
        help="held-out sequences of a corpus to measure on, at most (default: %(default)s)",
    )
    stage.add_argument("--remark", default="", metavar="TEXT", help="what the card should say of this run besides")

    stage = stages.add_parser("draw", help="draw a MIDI file as piano rolls, to look at what a model played")
    stage.set_defaults(run_stage=run_draw)
    stage.add_argument("song", type=Path, metavar="SONG.mid")
    stage.add_argument("--out", type=Path, required=True, metavar="FILE.png", help="where the picture goes")
    return parser


def _add_sources(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--data",
        type=Path,
        nargs="+",
        required=True,
        metavar="FOLDER_OR_ARCHIVE",
        help="corpora: folders or archives (.tar.xz, .tar.gz, .zip) of MIDI files, each named as its corpus",
    )


def main(arguments: list[str] | None = None) -> int:
    """Run one stage; gives 0, or 2 after one sentence on what went wrong, or 130 when stopped by Ctrl-C."""
    args = make_parser().parse_args(arguments)
    try:
        args.run_stage(args)
    except (BollyLiveError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print("Stopped; the same command goes on from the last checkpoint of a training.", file=sys.stderr)
        return STOPPED
    return 0


if __name__ == "__main__":
    sys.exit(main())
