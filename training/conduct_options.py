"""The options of the stages that make a conductor."""

from __future__ import annotations

import argparse
from dataclasses import fields
from pathlib import Path

from training import conduct_stages as run
from training.conducting.recipe import SOURCES, ConductConfig
from training.option_types import at_least, positive


def add_conduct(stages: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """The stages conduct, conduct-export and conduct-report."""
    stage = stages.add_parser(
        "conduct",
        help="train the network that plans the band's chords",
        description="Train the conductor's network on prepared corpora and their charts, or go on with a run that was "
        "stopped. The defaults below are those of a new run; a resumed one goes on as it began.",
    )
    stage.set_defaults(run_stage=run.run_conduct)
    _add_data(stage)
    stage.add_argument("--run", type=Path, required=True, metavar="FOLDER", help="where checkpoints and metrics go")
    for setting in fields(ConductConfig):
        name, text = f"--{setting.name.replace('_', '-')}", f"{setting.metadata['help']} (default: {setting.default})"
        if isinstance(setting.default, int):
            least = at_least(0 if setting.name in {"seed", "true_epochs", "own_epochs"} else 1)
            stage.add_argument(name, type=least, metavar="N", help=text)
        elif isinstance(setting.default, float):
            stage.add_argument(name, type=positive(setting.metadata["most"]), metavar="X", help=text)
        else:
            stage.add_argument(name, choices=setting.metadata["choices"], help=text)

    stage = stages.add_parser("conduct-export", help="write, check and describe the conductor that is played by")
    stage.set_defaults(run_stage=run.run_conduct_export)
    _add_data(stage)
    stage.add_argument("--run", type=Path, required=True, metavar="FOLDER", help="a run of conduct")
    stage.add_argument("--name", required=True, help="its name and version, such as bollywood-conductor-v1")
    stage.add_argument(
        "--models", type=Path, default=Path("models"), metavar="FOLDER", help="where it goes (default: %(default)s)"
    )

    stage = stages.add_parser(
        "conduct-report",
        help="measure a conductor: how often it is right, beside baselines, and how it plays when left to itself",
    )
    stage.set_defaults(run_stage=run.run_conduct_report)
    _add_data(stage)
    stage.add_argument("--model", required=True, metavar="MODEL", help="an .onnx file, or a conductor's name")
    stage.add_argument("--sources", choices=SOURCES, default="all", help="the music (default: %(default)s)")
    stage.add_argument(
        "--pieces", type=at_least(1), default=30, metavar="N", help="of each corpus, at most (default: %(default)s)"
    )
    stage.add_argument("--out", type=Path, required=True, metavar="FILE", help="where the report goes, as JSON")
    stage.add_argument("--card", action="store_true", help="put it into the model's card, too")


def _add_data(stage: argparse.ArgumentParser) -> None:
    stage.add_argument(
        "--data", type=Path, required=True, metavar="PREPARED", help="what prepare wrote, with charts of corpora"
    )
