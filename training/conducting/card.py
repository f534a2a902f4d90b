"""The card of a conductor: what it is for, what it learned from with which rights, how good it is, and its limits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from training.conducting.network import Sizes
from training.conducting.recipe import SOURCES, ConductConfig
from training.conducting.report import Report, tables
from training.errors import TrainingError
from training.exporting.card import rights_of
from training.exporting.markdown import table, wrap
from training.writing import write_text

_RIGHTS = {
    "openewld": (
        "lead sheets: melodies with chord symbols",
        "stated free of copyright, which does not hold for all: songs of authors not shown to have died by 1948 are "
        "among them",
    ),
}
_CLEAR_RIGHTS = {
    "openewld": (_RIGHTS["openewld"][0], "only songs whose authors all died before 1948, by a check of names")
}
_CHORDS = {
    "pop909": "written down by annotators (MIT)",
    "openewld": "of the sheets",
    "gm-ensembles": "by template from what the band plays",
    "openscore-lieder": "by template from what the piano plays",
}
_BY_RULE = "by the project's rules of harmony, in two styles"

_PURPOSE = """\
Plans the chords of a band, half a bar at a time (a whole bar where that has no even number of beats), from what the
musician plays and from the chords before; and expects what the musician will play next. It is made for BollyLive,
where it says to every instrument which notes go together.

**For:** playing along with a musician. **Not for:** naming the chords of a recording, or teaching harmony."""

_LIMITS = """\
- It knows triads, suspended fourths and dominant sevenths on twelve roots, no more.
- It learned metre by examples: most are in 4/4, some in 3/4 and 2/4, few in others.
- It knows no raga: it finds the seven notes that a melody uses, and takes home to be where such music mostly has it.
- The chords of ensembles were found by a template and are noisy; those of lone melodies were made by rule and are
  regular, so how often it is right there says little about music.
- Right is not good: given the true chords before, a network that only copies is right more often, and plays worse."""

_FINDINGS, _BEFORE = "## Findings", "## Limits"


def card(
    name: str,
    manifest: dict[str, dict[str, Any]],
    sizes: Sizes,
    config: ConductConfig,
    epoch: int,
    parameters: int,
    size_bytes: int,
) -> str:
    """The card in Markdown, without the findings; `manifest` is what `prepare` wrote."""
    sections = {
        "Purpose": _PURPOSE,
        "Data": _data(manifest, config),
        "Recipe": _recipe(sizes, config, epoch, parameters, size_bytes),
        "Limits": _LIMITS,
        "Rebuilding": _rebuilding(name, config),
    }
    body = "\n\n".join(f"## {title}\n\n{text}" for title, text in sections.items())
    return f"# {name}\n\n{body}\n"


def write_findings(path: Path, report: Report) -> None:
    """Put a report into the card of its conductor, in place of one that stands there; raises TrainingError."""
    if report["conductor"] != path.stem:
        raise TrainingError(f"{path}: the report is about {report['conductor']}; measure {path.stem}.")
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise TrainingError(f"{path}: the card cannot be read ({error.strerror}); export the model first.") from error
    head, _, limits = text.partition(_BEFORE)
    head, _, _ = head.partition(_FINDINGS)
    write_text(path, f"{head}{_FINDINGS}\n\n{tables(report)}\n\n{_BEFORE}{limits}")


def _data(manifest: dict[str, dict[str, Any]], config: ConductConfig) -> str:
    sources = SOURCES[config.sources]
    rows = []
    for corpus in (*sources.charts, *sources.ensembles, *sources.melodies):
        entry = manifest.get(corpus)
        if entry is not None:
            own = _RIGHTS if sources.rights is None else _CLEAR_RIGHTS
            what, rights = own.get(corpus, rights_of(corpus))
            charts = entry.get("charts", entry)["songs"] if corpus in sources.charts else entry["songs"]
            chords = _BY_RULE if corpus in sources.melodies else _CHORDS[corpus]
            rows.append((corpus, f"{charts:,}", f"{entry['valid_songs']:,}", chords, what, rights))
    titles = ("corpus", "songs", "held out", "chords", "what it is", "rights")
    text = wrap(
        "Songs that are held out were neither trained on nor chosen by; the findings are measured on them. Labels that "
        "nobody wrote count half."
    )
    return f"{text}\n\n{table(titles, rows, numbers=slice(1, 3))}"


def _recipe(sizes: Sizes, config: ConductConfig, epoch: int, parameters: int, size_bytes: int) -> str:
    network = (
        f"A linear layer of {sizes.entry}, a GRU of {sizes.hidden}, and three outputs: {parameters:,} parameters, "
        f"{size_bytes / 1e6:.2f} MB in float. The outputs are 61 chords, six gates that add to the scores of the "
        "chords now, before, 4, 8 and 16 bars ago and after the passage most like the last one, and what the lead "
        "sounds at each quarter of the step. A row holds the lead's chroma in this step and at those places, its long "
        "memory, the place in 8 and 16 bars, and the chords at the six places; all is turned into the signature that "
        "the lead points to."
    )
    training = (
        f"{config.true_epochs} epochs with the true chords as history, some of them wrong, then {config.own_epochs} "
        "with the network's own chords around the same leads in half of the examples, played anew every "
        f"{config.renew} epochs. Stretches of {config.length} steps, {config.batch} together, AdamW with rate "
        f"{config.rate:g} and a cosine in each half, weight decay {config.weight_decay:g}, gradients clipped at "
        f"{config.clip:g}, seed {config.seed}. In half of the examples some rows hear a part of the step that they "
        f"foretell. The checkpoint, after epoch {epoch}, is the one whose own chords fit best around leads that were "
        "kept apart."
    )
    return f"{wrap(network)}\n\n{wrap(training)}"


def _rebuilding(name: str, config: ConductConfig) -> str:
    sources = SOURCES[config.sources]
    tables_of = {"pop909": ("pop909", "pop909-chords")}
    names = (*sources.charts, *sources.ensembles, *sources.melodies)
    music = " ".join(f"music/{one}" for corpus in names for one in tables_of.get(corpus, (corpus,)))
    settings = f"--sources {config.sources} --true-epochs {config.true_epochs} --own-epochs {config.own_epochs}"
    return (
        "The corpora lie in `music/`, as folders or archives of these names. Songs held out for what they resemble "
        "depend on which other corpora are prepared beside them.\n\n"
        f"    python -m training prepare --data {music} --out prepared\n"
        f"    python -m training conduct --data prepared --run runs/{name} {settings} --seed {config.seed}\n"
        f"    python -m training conduct-export --run runs/{name} --data prepared --name {name}"
    )
