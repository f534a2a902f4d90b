"""The figures of `bollylive bench` as a table for people."""

from __future__ import annotations

from collections.abc import Iterator

from bollylive.bench.targets import Figures

_WIDTH = 30


def describe_figures(figures: Figures) -> str:
    """A line for each spread, then for each single figure and each target."""
    lines = [f"{'':{_WIDTH}}{'p50':>9}{'p99':>9}{'max':>9}{'n':>7}"]
    lines += [
        f"{name:{_WIDTH}}{row['p50']:9.3f}{row['p99']:9.3f}{row['max']:9.3f}{row['n']:7}"
        for name, row in _named(figures)
        if isinstance(row, dict)
    ]
    lines += [f"{name:{_WIDTH}}{figure!s:>9}" for name, figure in _named(figures) if not isinstance(figure, dict)]
    for target in figures.get("targets", []):
        verdict = "ok" if target["met"] else "MISSED"
        bare = f" (bare poller {target['bare_poller']:g})" if "bare_poller" in target else ""
        lines.append(f"{target['name']}: {target['value']:g}{bare}, at most {target['at_most']:g}: {verdict}")
    return "\n".join([*lines, figures["machine"]])


def _named(figures: Figures, prefix: str = "") -> Iterator[tuple[str, object]]:
    """All figures but the targets by their full names; a spread is one."""
    for name, figure in figures.items():
        if isinstance(figure, dict) and "p50" not in figure:
            yield from _named(figure, f"{prefix}{name} ")
        elif name not in ("targets", "machine"):
            yield f"{prefix}{name}", figure
