"""The model card: what a model is for, what it learned from with which rights, how good it is, and its limits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from training.exporting.markdown import table, wrap
from training.measuring.evaluate import COLUMNS, Bits
from training.recipe import ModelConfig, TrainConfig, shares

# What each corpus is, and whose; a corpus of one's own is listed with a pointer to its source.
RIGHTS = {
    "bandish-bhatkhande": (
        "Hindustani compositions, one voice",
        "compositions public domain in India; encoding without licence",
    ),
    "carnatic": ("gitam, varnam, kriti, one voice", "MIT"),
    "gm-ensembles": (
        "General MIDI songs from the web, three or more instruments",
        "unclear: sequences of songs mostly in copyright",
    ),
    "groove": ("human drumming", "CC BY 4.0 (Groove MIDI Dataset, Google Magenta)"),
    "hindi-film-melodies": (
        "Hindi film melodies, one voice",
        "unclear: amateur transcriptions without licence, songs in copyright",
    ),
    "openscore-lieder": ("songs for voice and piano", "CC0"),
    "openscore-quartets": ("string quartets", "CC0"),
    "pop909": ("Chinese pop: melody, second voice, piano", "MIT (the annotators'); songs in copyright"),
    "south-asian-anthems": ("anthems, several tracks", "unclear"),
    "south-asian-melodies": ("Indipop, bhangra, Nepali and other melodies, one voice", "unclear"),
    "yaman-phrases": ("phrases of raga Yaman, one voice", "unclear"),
}
UNKNOWN = ("", "see its source")
_ARRANGED = "arranged-"

_PURPOSE = """\
Predicts, note by note, what an instrument of a band plays next: when, which pitch, how long and how loud, from what
the instrument has played and what the others sound. It is made for playing along live with BollyLive.

**For:** accompanying and continuing a musician, practice, sketches, performance, research on interaction.

**Not for:** passing off its output as somebody's composition, teaching ragas or talas (it does not know their rules),
or commercial release without a look at the rights below: it may repeat phrases of the songs that it learned from."""

_LIMITS = """\
- There is no public multi-instrument Bollywood corpus. Playing together was mostly learned from ensembles of other
  kinds; the Hindi melodies are of one voice each.
- What is idiomatic in a Bollywood band (theka, fills, drone, harmonium) was learned from arrangements made by rule
  around melodies, marked synthetic above. It knows what these rules know, and a bar is a length in beats to it.
- It knows no raga but by example; a scale is kept only where the program that plays it masks the pitches.
- Most melodies come with one constant velocity, so dynamics were learned from other music.
- It hears its own past and likes to repeat it: left alone for long, it may loop. Higher temperature and nucleus help.
- Notes only: no lyrics, no meend or other glides, no pitch bend, no pedal.
- Time is in 24 ticks a beat; swing and drumming are heard no finer than that.
- It remembers what fits into its state and its buffer since the channel came in, trained on {length} rows at once."""


def rights_of(corpus: str) -> tuple[str, str]:
    """What a corpus is, and whose."""
    if corpus.startswith(_ARRANGED):
        source = corpus.removeprefix(_ARRANGED)
        return f"bands arranged by rule around {source}: synthetic", f"as {source}"
    return RIGHTS.get(corpus, UNKNOWN)


@dataclass(frozen=True)
class Figures:
    """What was measured on the exported model."""

    corpora: dict[str, Bits]  # held-out music, through the shipped graph
    float_bits: float  # bits per note over all corpora
    int8_bits: float
    size_bytes: int
    latency_ms: dict[int, float]  # median, by the number of voices in one answer


@dataclass(frozen=True)
class Card:
    """All that the card tells beside what is measured at export; call it with the figures to get the text."""

    name: str
    manifest: dict[str, dict[str, Any]]  # as `prepare` wrote it
    sizes: ModelConfig
    config: TrainConfig
    step: int  # of the checkpoint
    remark: str = ""  # what else should be known of this run

    def __call__(self, figures: Figures) -> str:
        """The card in Markdown."""
        sections = {
            "Purpose": _PURPOSE,
            "Data": self.data(),
            "Recipe": self.recipe(),
            "Figures": self.figures(figures),
            "Limits": _LIMITS.format(length=self.config.length),
            "Rebuilding": self.rebuilding(),
        }
        body = "\n\n".join(f"## {title}\n\n{text}" for title, text in sections.items())
        return f"# {self.name}\n\n{body}\n"

    @property
    def used(self) -> dict[str, dict[str, Any]]:
        """The corpora that held any song."""
        return {name: entry for name, entry in self.manifest.items() if entry["songs"]}

    def data(self) -> str:
        """The corpora with their rights, and how much of the training each had."""
        trained = [name for name, entry in self.used.items() if entry["songs"] > entry["valid_songs"]]
        heard = shares(trained)
        rows = []
        for name, entry in self.used.items():
            counts = (f"{entry['songs']:,}", f"{entry['valid_songs']:,}", f"{entry['notes']:,}")
            rows.append((name, *counts, f"{heard.get(name, 0):.1%}", *rights_of(name)))
        titles = ("corpus", "songs", "held out", "notes", "of what was heard", "what it is", "rights")
        text = "Songs that are held out were not trained on; the figures below are measured on them."
        return f"{text}\n\n{table(titles, rows, numbers=slice(1, 5))}"

    def recipe(self) -> str:
        """The network and how it was trained."""
        config, sizes = self.config, self.sizes
        rows = self.step * config.batch * config.length
        network = (
            "Each note is the sum of learned vectors for its words (onset, pitch, duration, ...), and a state hears it "
            f"through layers of width {sizes.width} ({sizes.layers}; r is a gated linear recurrence). At the next "
            "onset that state, what the band and, apart, the musician sound right then, and echoes of the instrument's "
            "own past (one, two and "
            "four bars ago, and after the longest earlier passage like the present one) give pitch, duration, velocity "
            "and the time to the next note, each knowing the ones before."
        )
        training = (
            f"It was trained on {rows:,} rows (notes and rests) of {config.notes:,} planned, in {self.step:,} steps of "
            f"{config.batch} sequences of {config.length}. AdamW, rate {config.rate:g} with {config.warmup} steps of "
            f"warm-up, then constant, and over the last {config.cooldown:.0%} of the plan down to nothing in a line; "
            f"stopped early after {config.patience:,} steps without a better result on held-out songs. Weight decay "
            f"{config.weight_decay:g}, gradients clipped at {config.clip:g}, seed {config.seed}. Songs are transposed, "
            "made louder or softer, and heard late, with members of the band missing, or not at all; they change key, "
            "one voice after the other; the context is corrupted (the band is transposed while one voice, the "
            "musician's, is not); a voice hears some of its own notes as wrong ones, and no echoes at times. The "
            "checkpoint is the one that was best on held-out songs, each corpus counting by its share of what was "
            f"heard; its matrices are int8. {self.remark}"
        )
        return f"{wrap(network)}\n\n{wrap(training)}"

    def figures(self, figures: Figures) -> str:
        """Bits per note on held-out songs (fewer are better), size and speed."""
        rows = []
        for name, bits in figures.corpora.items():
            rows.append((name, f"{bits.notes:,}", *(f"{getattr(bits, column):.3f}" for column in COLUMNS)))
        paragraphs = [
            wrap(
                "Bits per note on held-out songs, measured through the shipped file (fewer are better). The checkpoint "
                "was chosen by the same songs."
            ),
            table(("corpus", "notes", *COLUMNS), rows),
        ]
        if unmeasured := [name for name in self.used if name not in figures.corpora]:
            paragraphs.append(wrap(f"Nothing was held out of: {', '.join(unmeasured)}."))
        speed = ", ".join(f"{ms:.2f} ms for {voices} voices" for voices, ms in figures.latency_ms.items())
        paragraphs.append(
            wrap(
                f"Over all these notes {figures.int8_bits:.3f} bits in int8, {figures.float_bits:.3f} in float. "
                f"The file has {figures.size_bytes / 1e6:.2f} MB. One answer took (median, one thread, where it was "
                f"exported) {speed.replace('1 voices', '1 voice', 1)}."
            )
        )
        return "\n\n".join(paragraphs)

    def rebuilding(self) -> str:
        """The commands that make such a model again, from the same corpora in a folder `music`."""
        config, run = self.config, f"runs/{self.name}"
        music = " ".join(f"music/{name}" for name in self.used if not name.startswith(_ARRANGED))
        arranged = " ".join(name.removeprefix(_ARRANGED) for name in self.used if name.startswith(_ARRANGED))
        arrange = f"    python -m training arrange --data prepared --corpora {arranged}\n" if arranged else ""
        settings = (
            f"--notes {config.notes} --width {self.sizes.width} --layers {self.sizes.layers} --batch {config.batch} "
            f"--length {config.length} --rate {config.rate:g} --warmup {config.warmup} "
            f"--cooldown {config.cooldown:g} --patience {config.patience} "
            f"--weight-decay {config.weight_decay:g} --clip {config.clip:g} --every {config.every} "
            f"--seed {config.seed} --workers {config.workers}"
            f"{'' if config.context else ' --no-context'}{'' if config.bfloat16 else ' --no-bfloat16'}"
        )
        return (
            "The corpora lie in `music/`, as folders or archives of these names.\n\n"
            f"    python -m training prepare --data {music} --out prepared\n"
            f"{arrange}"
            f"    python -m training train --data prepared --run {run} {settings}\n"
            f"    python -m training export --run {run} --data prepared --name {self.name}"
        )
