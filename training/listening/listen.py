"""How a shipped model plays, as a listener would judge it: renditions of held-out songs, figures, pictures and MIDI."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from bollylive.midi.instruments import PERCUSSION_CHANNEL, name_of
from bollylive.midi.song import Track
from bollylive.midi.song_files import write_song
from bollylive.model.codec import PERCUSSION, TICKS_PER_BEAT
from bollylive.model.model_files import find_model
from bollylive.sets.setfile import default_set, load_set
from bollylive.sets.settings import Set
from training.data.corpus import VOICE, Song
from training.data.prepare import corpora_of
from training.errors import TrainingError
from training.listening.continuation import PACE_BPM, to_notes
from training.listening.copying import Library
from training.listening.excerpt import Excerpt, Notes, choose_excerpts, shifted
from training.listening.overlap import FEATURES
from training.listening.portrait import draw_histograms, draw_rolls, draw_through_time
from training.listening.rendition import WAYS, Rendition, play_all
from training.listening.verdict import ALL, histograms, judge
from training.writing import write_json

_EXCERPTS_OF_A_WAY = {"backing": 5, "continue": 3, "warm": 2}


def listen(
    model_name: str, sources: list[Path], out: Path, songs: int, seed: int, workers: int, set_file: Path | None
) -> dict[str, Any]:
    """Let a model play at most `songs` held-out songs of each corpus, and write all there is to know into `out`.

    `report.json` holds the figures by corpus and way of playing (see `rendition`), pictures lie beside it, and
    `excerpts` has piano rolls and MIDI files. The set says how notes are chosen, and who is in the backing band. What
    is not held out is the library in which copies are looked for. Raises TrainingError where no song can be played.
    """
    band = load_set(set_file) if set_file else default_set()
    model = find_model(model_name)
    excerpts: list[Excerpt] = []
    trained: list[Song] = []
    for source in sources:
        for name, corpus in corpora_of(source, workers).items():
            excerpts += choose_excerpts(name, (song for song in corpus.songs if song.valid), songs, seed)
            trained += [song for song in corpus.songs if not song.valid]
    if not excerpts:
        raise TrainingError("none of the corpora has a held-out song of six bars or more in one metre.")
    renditions = play_all(excerpts, model, band, seed, workers)
    corpora = judge(renditions, Library(trained, False), Library(trained, True))
    settings = {key: getattr(band, key) for key in ("temperature", "nucleus", "memory", "follow", "quantise")}
    report = {"model": model.stem, "seed": seed, "songs": songs, "set": {"name": band.name, **settings}}
    report["corpora"] = corpora
    write(out, report, renditions, band)
    return report


def write(out: Path, report: dict[str, Any], renditions: list[Rendition], band: Set) -> None:
    """Write the report, its pictures, and some of the renditions as MIDI and piano rolls."""
    (out / "excerpts").mkdir(parents=True, exist_ok=True)
    write_json(out / "report.json", report)
    draw_through_time(report["corpora"][ALL], out / "through_time.png")
    for way in WAYS:
        group = [rendition for rendition in renditions if rendition.way == way]
        if group and way != "backing":
            generated, real, _, _ = histograms(group)
            draw_histograms(generated, real, way, out / f"{way}.png")
        for rendition in _some(group, _EXCERPTS_OF_A_WAY.get(way, 0)):
            write_excerpt(rendition, band, out / "excerpts")


def write_excerpt(rendition: Rendition, band: Set, folder: Path) -> None:
    """A rendition with its primer as `WAY-SONG.mid`, the song as `WAY-SONG-real.mid`, both as piano rolls."""
    excerpt = rendition.excerpt
    known = {s.channel: s.program or 0 for s in band.channels} | {PERCUSSION_CHANNEL: PERCUSSION} | excerpt.instruments
    programs = {channel: known[channel] for channel in sorted({*rendition.channels, *excerpt.instruments})}
    generated = np.concatenate([rendition.melody, rendition.played])
    name = f"{rendition.way}-{Path(excerpt.song).stem}"
    draw_rolls(excerpt, excerpt.real, generated, programs, folder / f"{name}.png")
    write_midi(folder / f"{name}.mid", excerpt, generated, programs)
    write_midi(folder / f"{name}-real.mid", excerpt, excerpt.real, programs)


def write_midi(path: Path, excerpt: Excerpt, notes: Notes, programs: dict[int, int]) -> None:
    """Music after its primer, from the primer's first bar on, a track for each channel."""
    whole = np.concatenate([excerpt.primer, notes])
    if not len(whole):
        return
    whole = shifted(whole, -excerpt.cycle * min(0, int(whole[:, 0].min()) // excerpt.cycle))
    tracks = [
        Track(
            "percussion" if program == PERCUSSION else name_of(program),
            channel,
            None if program == PERCUSSION else program,
            tuple(to_notes(whole[whole[:, VOICE] == channel])),
        )
        for channel, program in programs.items()
    ]
    write_song(path, tracks, ((0.0, PACE_BPM),), ((0.0, excerpt.cycle / TICKS_PER_BEAT),))


def table(report: dict[str, Any]) -> str:
    """The overlapping areas, the fit and the recovery as a table for the terminal."""
    columns = ("pitch", "step", "place", "grid", "durat", "veloc", "dens", "polyph", "fit", "n/bar", "real")
    lines = [f"{'overlap with the real music':36}" + "".join(f"{column:>8}" for column in columns)]
    for corpus, ways in report["corpora"].items():
        for way, figures in ways.items():
            areas = list(figures["overlap"].values()) if "overlap" in figures else [None] * len(FEATURES)
            fit = (figures.get("fit") or {}).get("score")
            per_bar = [figures[side]["notes_per_bar"] if side in figures else None for side in ("generated", "real")]
            cells = "".join(f"{'–' if v is None else format(v, '.3f'):>8}" for v in (*areas, fit, *per_bar))
            lines.append(f"{corpus + ' ' + way:36}{cells}")
    return "\n".join(lines)


def _some(group: list[Rendition], count: int) -> list[Rendition]:
    """So many renditions of as many corpora as there are, the longest of each first."""
    by_corpus: dict[str, list[Rendition]] = {}
    for rendition in sorted(group, key=lambda rendition: -rendition.excerpt.bars):
        by_corpus.setdefault(rendition.excerpt.corpus, []).append(rendition)
    chosen: list[Rendition] = []
    while len(chosen) < count and any(by_corpus.values()):
        chosen += [renditions.pop(0) for renditions in by_corpus.values() if renditions]
    return chosen[:count]
