"""The stages as the command line asks for them; each is imported when it runs, for only some of them need torch."""

from __future__ import annotations

import argparse
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from training.errors import TrainingError
from training.recipe import ModelConfig, TrainConfig
from training.writing import check_picture, check_report, write_json


def run_prepare(args: argparse.Namespace) -> None:
    """MIDI to arrays."""
    from training.data.prepare import prepare

    prepare(args.data, args.out, args.workers)


def run_arrange(args: argparse.Namespace) -> None:
    """Melodies to songs with a band, by rule."""
    from training.arranging.arrange import arrange

    arrange(args.data, args.corpora, args.variants, args.seed, args.workers)


def run_train(args: argparse.Namespace) -> None:
    """Arrays to checkpoints; what is not given is as the run began, or else the default."""
    from training.trainer.runfolder import read_config
    from training.trainer.train import train

    sizes, config = read_config(args.run)
    given = {name: value for name, value in vars(args).items() if value is not None}
    sizes = replace(sizes, **{f.name: given[f.name] for f in fields(ModelConfig) if f.name in given})
    config = replace(config, **{f.name: given[f.name] for f in fields(TrainConfig) if f.name in given})
    train(args.data, args.run, sizes, config)
    print(f"The run in {args.run} is complete; export comes next.")


def run_compare(args: argparse.Namespace) -> None:
    """Networks of other kinds beside the model's own."""
    from training.exporting.compare import compare, table

    print(table(compare(args.data, args.out, TrainConfig(notes=args.rows, every=200, seed=args.seed))))


def run_baselines(args: argparse.Namespace) -> None:
    """Arrays to the baselines that a model is measured beside."""
    from training.baselines.both import fit_baselines

    fit_baselines(args.data, args.out, args.only, args.rows, args.seed)


def run_evaluate(args: argparse.Namespace) -> None:
    """Measure a shipped model."""
    from training.measuring.evaluate import evaluate, table

    check_report(args.out)
    report = evaluate(args.model, args.data, args.split, args.limit, args.workers, args.baselines, args.without_context)
    _write(report, args.out)
    print(table(report))


def run_remember(args: argparse.Namespace) -> None:
    """What the session's memory is worth."""
    from training.measuring.remember import remember, table

    check_report(args.out)
    report = remember(args.model, args.data, args.split, args.songs, args.workers)
    _write(report, args.out)
    print(table(report))


def run_export(args: argparse.Namespace) -> None:
    """A checkpoint to the files that are shipped."""
    from training.exporting.export import export

    made = export(args.run, args.name, args.data, args.models, args.manifest, args.limit, args.remark)
    figures = made.figures
    print(
        f"{made.onnx}: {figures.size_bytes / 1e6:.2f} MB, {figures.int8_bits:.3f} bits per note on held-out music "
        f"({figures.float_bits:.3f} in float), its .json and .md beside it."
    )


def run_card(args: argparse.Namespace) -> None:
    """Reports into the card of their model."""
    from bollylive.model.model_files import find_model
    from training.exporting.findings import write_findings

    write_findings(find_model(args.model).with_suffix(".md"), args.reports)


def run_listen(args: argparse.Namespace) -> None:
    """How a shipped model plays, or what takes sound like that are there."""
    if args.quick and not args.play:
        raise TrainingError("--quick tries out --play, and is of no use without it.")
    if (args.raga or args.alone_from) and not args.takes:
        raise TrainingError("--raga and --alone-from say how to judge the folders of --takes, and there are none.")
    if not (args.model and args.data) and (args.play or not args.takes):
        raise TrainingError("listen needs --model and --data, to let a model play, or --takes, to judge what is there.")
    if args.play or args.takes:
        _judge(args)
        return
    from training.listening.listen import listen, table

    check_report(args.out / "report.json")
    report = listen(args.model, args.data, args.out, args.songs, args.seed, args.workers, args.set)
    print(table(report))


def _judge(args: argparse.Namespace) -> None:
    from training.judging.judge import columns_of, judge
    from training.judging.ragas import raga_of
    from training.judging.table import markdown

    raga = raga_of(args.raga, args.sa) if args.raga else None
    alone_from = None if args.alone_from is None else args.alone_from - 1  # bars count from 0 inside
    columns = columns_of(args.takes or [], raga, alone_from)
    if args.play:
        from training.playing.play import play

        report = play(args.model, args.data, args.out, args.seed, args.workers, args.set, args.quick, columns)
    else:
        report = judge(columns, args.out, args.seed, args.workers)
    print(markdown(report), end="")


def run_draw(args: argparse.Namespace) -> None:
    """A MIDI file as a picture."""
    from training.listening.draw import draw_song

    check_picture(args.out)
    draw_song(args.song, args.out)


def _write(report: dict[str, Any], out: Path) -> None:
    out.parent.mkdir(parents=True, exist_ok=True)
    check_report(out)  # again: a file may have come there meanwhile
    write_json(out, report)
