"""What evaluate, listen and remember found out about a shipped model, as a part of its card."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeAlias

from training.errors import TrainingError
from training.exporting.markdown import table, wrap
from training.writing import write_text

TITLE = "## Findings"
_BEFORE = "## Limits"
_SPANS = {"bars_1_2": "the first two bars", "bars_3_4": "the next two", "later": "the bars after these"}

Report: TypeAlias = dict[str, Any]


def write_findings(card: Path, reports: Iterable[Path]) -> None:
    """Put reports of evaluate, listen and remember into a model's card, in place of those that stand there.

    Raises TrainingError where a file is no such report, or is about another model than the card.
    """
    try:
        text = card.read_text(encoding="utf-8")
    except OSError as error:
        raise TrainingError(f"{card}: the card cannot be read ({error.strerror}); export the model first.") from error
    head, _, limits = text.partition(_BEFORE)
    head, _, _ = head.partition(TITLE)
    parts = [_part(path, read_report(path), card.stem) for path in reports]
    findings = "\n\n".join([TITLE, *parts])
    write_text(card, f"{head}{findings}\n\n{_BEFORE}{limits}")


def read_report(path: Path) -> Report:
    """A report as a stage wrote it; raises TrainingError where it is none."""
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise TrainingError(f"{path}: this cannot be read as a report ({error}).") from error
    if not isinstance(report, dict) or "corpora" not in report:
        raise TrainingError(f"{path}: this is no report of evaluate, listen or remember.")
    return report


def _part(path: Path, report: Report, name: str) -> str:
    if report.get("model") != name:
        raise TrainingError(f"{path}: this is about {report.get('model')}, not {name}; give a report on {name}.")
    if "scorers" in report:
        return of_evaluate(report)
    return of_listen(report) if "set" in report else of_remember(report)


def of_evaluate(report: Report) -> str:
    """Bits per note of the model and of what it was measured beside."""
    scorers = report["scorers"]
    rows = []
    for name, corpus in report["corpora"].items():
        if "model" not in corpus:
            continue
        totals = [corpus[scorer]["total"] for scorer in scorers]
        shares = [f"{total:.3f} ({totals[0] / total:.0%})" for total in totals[1:]]
        rows.append([name, f"{corpus['model']['notes']:,}", f"{totals[0]:.3f}", *shares])
    limit = f" --limit {report['limit']}" if report.get("limit") else ""
    text = wrap(
        f"Bits per note (`evaluate --split {report['split']}{limit}`); beside each of the others, how much of its bits "
        "the model needs."
    )
    return f"{text}\n\n{table(['corpus', 'notes', *scorers], rows)}"


def of_listen(report: Report) -> str:
    """How alike to real music it plays, how well it accompanies, and what it copies."""
    ways = report["corpora"]["all"]
    names = list(next(ways[way]["overlap"] for way in ways if "overlap" in ways[way]))
    rows = []
    for way, figures in ways.items():
        if "overlap" not in figures:
            continue
        fit = figures.get("fit")
        score = f"{fit['score']:.2f} ({fit['low']:.2f} to {fit['high']:.2f})" if fit else "–"
        copies = [figures["copying"].get("pitched", {}).get(side) for side in ("generated", "real")]
        longest = " / ".join(f"{side['voice_p99']:.1f}" if side else "–" for side in copies)
        rows.append([way, *(f"{figures['overlap'][name]:.2f}" for name in names), score, longest])
    chosen = report["set"]
    text = wrap(
        f"Played by the runtime's own engine (`listen --songs {report['songs']} --seed {report['seed']}`, temperature "
        f"{chosen['temperature']:g}, nucleus {chosen['nucleus']:g}, follow {chosen['follow']:g}), all corpora "
        "together: overlap of the distributions with those of the real music; how much of the distance from the fit "
        "of another song's accompaniment to the real one's is closed (and where 95 % of resampled songs lie); copied "
        "notes in a row, 99th percentile, of the model / of the held-out songs themselves."
    )
    text += "\n\n" + table(["way", *(name.replace("_", " ") for name in names), "fit", "copied"], rows)
    recovery = ways.get("moved", {}).get("recovery")
    if recovery:
        spans = recovery["regained"].items()
        shares = ", ".join(f"{share:.2f} in {_SPANS.get(span, span)}" for span, share in spans if share is not None)
        text += (
            f"\n\nAfter the melody has changed key, of the fit that not hearing it would cost is regained: {shares}."
        )
    return text


def of_remember(report: Report) -> str:
    """What the session's memory is worth."""
    rows = []
    for name, corpus in report["corpora"].items():
        without, with_memory = (corpus[arm]["total"] for arm in ("without", "with"))
        change = f"{with_memory / without - 1:+.1%}"
        rows.append([name, f"{corpus['with']['notes']:,}", f"{without:.3f}", f"{with_memory:.3f}", change])
    text = wrap(
        f"Bits per note in the second half of songs whose first half was heard (`remember --split {report['split']}`), "
        "without and with the memory of the session."
    )
    return f"{text}\n\n{table(['corpus', 'notes', 'without', 'with', 'change'], rows)}"
