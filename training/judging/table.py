"""The table that people read: a row for each measure, a column for each folder of takes, as Markdown."""

from __future__ import annotations

from typing import Any, Final

from training.judging.measures import measure_of, order_of

TITLE: Final = "# How it plays"
_NOTHING: Final = "–"


def markdown(report: dict[str, Any]) -> str:
    """The table of a report of `judge`, with what each column holds and where the formulas stand."""
    columns = report["takes"]
    lines = [TITLE, "", "Means over leads; in brackets, where 95 % of the means of leads drawn anew lie.", ""]
    for name, column in columns.items():
        left_out = f", {len(column['skipped'])} files left out" if column["skipped"] else ""
        lines.append(
            f"- **{name}**: {_count(column['files'], 'take')} around {_count(column['leads'], 'lead')}{left_out}"
        )
    lines += _about(report.get("played"))
    lines += ["", f"| | {' | '.join(columns)} |", f"|---|{'---:|' * len(columns)}"]
    for key in sorted({key for column in columns.values() for key in column["measures"]}, key=order_of):
        title, measure = measure_of(key)
        cells = [_cell(column["measures"].get(key), measure.in_percent) for column in columns.values()]
        lines.append(f"| {title} | {' | '.join(cells)} |")
    lines += ["", "The formula of each measure stands in `training/judging/`, in the module that `measures.py` names."]
    return "\n".join(lines) + "\n"


def _about(played: dict[str, Any] | None) -> list[str]:
    """How the takes came about, where the report knows: the model, and the leads by name."""
    if not played:
        return []
    said = ["", f"Played by {played['model']}, set “{played['set']}”, seeds {', '.join(map(str, played['seeds']))}."]
    return said + [f"- {situation}: {', '.join(names)}" for situation, names in played["leads"].items()]


def _cell(estimate: dict[str, Any] | None, in_percent: bool) -> str:
    if estimate is None:
        return _NOTHING
    mean, low, high = (_number(estimate[name], in_percent) for name in ("mean", "low", "high"))
    unit = " %" if in_percent else ""
    return f"{mean}{unit}" if estimate["low"] is None else f"{mean}{unit} ({low}–{high})"


def _number(value: float | None, in_percent: bool) -> str:
    if value is None:
        return _NOTHING
    return f"{100 * value:.1f}" if in_percent else f"{value:.2f}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
