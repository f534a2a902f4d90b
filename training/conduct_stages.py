"""The stages that make a conductor, as the command line asks for them."""

from __future__ import annotations

import argparse
from dataclasses import fields, replace

from training.writing import check_report, write_json


def run_conduct(args: argparse.Namespace) -> None:
    """Charts to checkpoints; what is not given is as the run began, or else the default."""
    from training.conducting.fit import fit
    from training.conducting.recipe import ConductConfig
    from training.conducting.run import read_config

    sizes, config = read_config(args.run)
    given = {f.name: getattr(args, f.name) for f in fields(ConductConfig) if getattr(args, f.name) is not None}
    fit(args.data, args.run, sizes, replace(config, **given))
    print(f"The run in {args.run} is complete; conduct-export comes next.")


def run_conduct_export(args: argparse.Namespace) -> None:
    """A checkpoint to the files that are shipped."""
    from training.conducting.publish import export

    onnx = export(args.run, args.name, args.data, args.models)
    print(f"{onnx}: {onnx.stat().st_size / 1e6:.2f} MB, its .json and .md beside it; conduct-report comes next.")


def run_conduct_report(args: argparse.Namespace) -> None:
    """Measure a shipped conductor."""
    from bollylive.model.model_files import find_model
    from training.conducting.card import write_findings
    from training.conducting.report import measure, tables

    check_report(args.out)
    onnx = find_model(args.model)
    report = measure(onnx, args.data, args.sources, args.pieces)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    write_json(args.out, report)
    if args.card:
        write_findings(onnx.with_suffix(".md"), report)
    print(tables(report))
