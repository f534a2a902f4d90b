"""The options of `python -m training`; options that several stages share are written once."""

from __future__ import annotations

import argparse
import math
import os
from dataclasses import fields
from pathlib import Path

from training import stages as run
from training.conduct_options import add_conduct
from training.option_types import at_least, positive
from training.recipe import ModelConfig, TrainConfig


def make_parser() -> argparse.ArgumentParser:
    """The parser of all stages."""
    parser = argparse.ArgumentParser("python -m training", description="From MIDI files to a model for BollyLive.")
    stages = parser.add_subparsers(title="stages, in this order", required=True, metavar="STAGE")

    stage = stages.add_parser("prepare", help="read MIDI files into compact arrays")
    stage.set_defaults(run_stage=run.run_prepare)
    _add_sources(stage)
    stage.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="where the prepared corpora go")
    _add_workers(stage)

    _add_arrange(stages)

    stage = stages.add_parser(
        "train",
        help="train on prepared corpora",
        description="Train on prepared corpora, or go on with a run that was stopped. The defaults below are those of "
        "a new run; a resumed one goes on as it began.",
    )
    stage.set_defaults(run_stage=run.run_train)
    _add_prepared(stage)
    stage.add_argument("--run", type=Path, required=True, metavar="FOLDER", help="where checkpoints and metrics go")
    _add_settings(stage)

    stage = stages.add_parser("compare", help="train networks of other kinds and sizes alike, and compare them")
    stage.set_defaults(run_stage=run.run_compare)
    _add_prepared(stage)
    stage.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="where runs and table go")
    stage.add_argument(
        "--rows", type=at_least(1), default=2_000_000, metavar="N", help="rows for each (default: %(default)s)"
    )
    _add_seed(stage, "weights and batches")

    _add_baselines(stages)
    _add_evaluate(stages)
    _add_remember(stages)
    _add_card(stages)

    stage = stages.add_parser("export", help="write, check and describe the model that is played")
    stage.set_defaults(run_stage=run.run_export)
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
        type=at_least(1),
        default=200,
        metavar="SEQUENCES",
        help="held-out sequences of a corpus to measure on, at most (default: %(default)s)",
    )
    stage.add_argument("--remark", default="", metavar="TEXT", help="what the card should say of this run besides")

    _add_listen(stages)

    add_conduct(stages)

    stage = stages.add_parser("draw", help="draw a MIDI file as piano rolls, to look at what a model played")
    stage.set_defaults(run_stage=run.run_draw)
    stage.add_argument("song", type=Path, metavar="SONG.mid")
    stage.add_argument("--out", type=Path, required=True, metavar="FILE.png", help="where the picture goes")
    return parser


def _add_arrange(stages: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    stage = stages.add_parser(
        "arrange",
        help="make a band around prepared melodies, by rule",
        description="Write an arranged corpus, marked synthetic, beside each prepared corpus of melodies.",
    )
    stage.set_defaults(run_stage=run.run_arrange)
    _add_prepared(stage)
    stage.add_argument("--corpora", nargs="+", metavar="NAME", help="which ones (default: all that are melodies)")
    stage.add_argument(
        "--variants",
        type=at_least(1),
        default=4,
        metavar="N",
        help="arrangements of each melody (default: %(default)s)",
    )
    _add_seed(stage)
    _add_workers(stage)


def _add_baselines(stages: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    stage = stages.add_parser("baselines", help="fit a Markov model and an LSTM to measure a model beside")
    stage.set_defaults(run_stage=run.run_baselines)
    _add_prepared(stage)
    stage.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="where the baselines go")
    stage.add_argument("--only", choices=("markov", "lstm"), help="just this one (default: both)")
    stage.add_argument(
        "--rows",
        type=at_least(1),
        default=10_000_000,
        metavar="N",
        help="rows (notes and rests) that the LSTM trains on in all (default: %(default)s)",
    )
    _add_seed(stage)


def _add_evaluate(stages: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    stage = stages.add_parser("evaluate", help="measure a model's bits per note, beside baselines, on any music")
    stage.set_defaults(run_stage=run.run_evaluate)
    _add_model_and_music(stage, "what prepare wrote (a folder, or one .npz), or folders and archives of MIDI files")
    stage.add_argument("--baselines", type=Path, metavar="FOLDER", help="what the stage baselines wrote")
    stage.add_argument(
        "--without-context", action="store_true", help="measure the model also without the rest of the band"
    )
    stage.add_argument(
        "--split",
        choices=("valid", "all"),
        default="all",
        help="all songs (default), or only those that training holds out, as is right for corpora that were trained on",
    )
    stage.add_argument(
        "--limit", type=at_least(1), metavar="SEQUENCES", help="at most so many of a corpus, of all its songs"
    )
    _add_report(stage)
    _add_workers(stage)


def _add_remember(stages: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    stage = stages.add_parser("remember", help="measure what the memory of a song's first half is worth in its second")
    stage.set_defaults(run_stage=run.run_remember)
    _add_model_and_music(stage, "what prepare wrote (a folder, or one .npz), or folders and archives of MIDI files")
    stage.add_argument(
        "--split", choices=("valid", "all"), default="valid", help="held-out songs only (default), or all"
    )
    stage.add_argument("--songs", type=at_least(1), metavar="N", help="at most so many of each corpus, at random")
    _add_report(stage)
    _add_workers(stage)


def _add_listen(stages: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    stage = stages.add_parser(
        "listen",
        help="let a model play held-out songs, and measure what a listener hears; or judge takes that are there",
    )
    stage.set_defaults(run_stage=run.run_listen)
    music = "what prepare wrote, or corpora of MIDI files: held-out songs are played, the others searched for copies"
    _add_model_and_music(stage, music, required=False)
    stage.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="where report and pictures go")
    stage.add_argument(
        "--songs", type=at_least(1), default=12, metavar="N", help="of each corpus, at most (default: %(default)s)"
    )
    _add_seed(stage, "all choices")
    stage.add_argument(
        "--set", type=Path, metavar="FILE", help="how notes are chosen, and which channels are the backing band"
    )
    takes = stage.add_argument_group("the judge", "--takes alone needs no model; with --play, it stands beside.")
    takes.add_argument(
        "--play", action="store_true", help="let the band play freely around held-out melodies: judge it"
    )
    takes.add_argument("--quick", action="store_true", help="only try --play out: less than a minute, rough figures")
    takes.add_argument(
        "--takes", type=Path, nargs="+", metavar="FOLDER", help="judge the MIDI files of these folders, side by side"
    )
    takes.add_argument(
        "--alone-from",
        type=at_least(2),
        metavar="BAR",
        help="in files without a musician, as of real ensembles, judge the bars from here on as if the lead stopped",
    )
    takes.add_argument("--raga", metavar="NAME", help="the raga that the takes must keep to, such as yaman")
    takes.add_argument("--sa", default="C", metavar="NOTE", help="its Sa (default: %(default)s)")
    _add_workers(stage)


def _add_card(stages: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    stage = stages.add_parser("card", help="put what evaluate, listen and remember found into a model's card")
    stage.set_defaults(run_stage=run.run_card)
    stage.add_argument("--model", required=True, metavar="MODEL", help="an .onnx file, or a model's name")
    stage.add_argument(
        "--reports", type=Path, nargs="+", required=True, metavar="FILE", help="what these stages wrote, in this order"
    )


_LEAST = {"length": 8, "workers": 0, "warmup": 0, "seed": 0}
_MOST = {"cooldown": 1.0}


def _add_settings(parser: argparse.ArgumentParser) -> None:
    for setting in (*fields(ModelConfig), *fields(TrainConfig)):
        name = f"--{setting.name.replace('_', '-')}"
        text = f"{setting.metadata['help']} (default: {setting.default})"
        if isinstance(setting.default, bool):
            parser.add_argument(name, action=argparse.BooleanOptionalAction, default=None, help=text)
        elif isinstance(setting.default, int):
            least = at_least(_LEAST.get(setting.name, 1))
            parser.add_argument(name, type=least, metavar="N", help=text)
        elif isinstance(setting.default, float):
            at_most = positive(_MOST.get(setting.name, math.inf))
            parser.add_argument(name, type=at_most, metavar="X", help=text)
        else:
            parser.add_argument(name, choices=setting.metadata.get("choices"), help=text)


def _add_seed(stage: argparse.ArgumentParser, of: str = "all chance") -> None:
    stage.add_argument("--seed", type=at_least(0), default=1, metavar="N", help=f"of {of} (default: %(default)s)")


def _add_workers(stage: argparse.ArgumentParser) -> None:
    cores = os.cpu_count() or 1
    stage.add_argument(
        "--workers", type=at_least(1), default=cores, metavar="N", help="processes (default: %(default)s)"
    )


def _add_prepared(stage: argparse.ArgumentParser) -> None:
    stage.add_argument("--data", type=Path, required=True, metavar="PREPARED", help="what prepare wrote")


def _add_model_and_music(stage: argparse.ArgumentParser, music: str, required: bool = True) -> None:
    stage.add_argument("--model", required=required, metavar="MODEL", help="an .onnx file, or a model's name")
    stage.add_argument("--data", type=Path, nargs="+", required=required, metavar="PREPARED_OR_FOLDER", help=music)


def _add_report(stage: argparse.ArgumentParser) -> None:
    stage.add_argument("--out", type=Path, required=True, metavar="FILE", help="where the report goes, as JSON")


def _add_sources(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--data",
        type=Path,
        nargs="+",
        required=True,
        metavar="FOLDER_OR_ARCHIVE",
        help="corpora: folders or archives (.tar.xz, .tar.gz, .zip) of MIDI files, each named as its corpus",
    )
