"""The kinds of measurement that `bollylive bench` can be asked for."""

from __future__ import annotations

import argparse

from bollylive.bench.bands import bench_bands
from bollylive.bench.bench import Say, bench, bench_live
from bollylive.bench.costs import bench_costs, describe_costs
from bollylive.bench.report import FULL, QUICK, Figures, describe_figures


def measure(options: argparse.Namespace, model: str, say: Say) -> tuple[Figures, str]:
    """Measure what the options ask for; return the figures, and the table that is printed. Blocks for minutes.

    Raises PortError if there is no MIDI system and nothing else to measure.
    """
    size = QUICK if options.quick else FULL
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
