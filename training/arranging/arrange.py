"""The stage `arrange`: prepared corpora of melodies to prepared corpora of arranged songs beside them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from tqdm import tqdm

from bollylive.model.codec import PERCUSSION
from training.arranging.arrangement import arrange_song, lead_notes
from training.arranging.metre import find_metre
from training.data.corpus import Song, load_corpus, save_corpus
from training.data.manifest import read_manifest, write_manifest
from training.data.tonality import find_key
from training.errors import TrainingError

PREFIX = "arranged-"
# Corpora whose music knows no chords: a drone and scale notes only, and the classical talas.
RAGA_CORPORA = frozenset({"bandish-bhatkhande", "carnatic", "yaman-phrases"})

_ONE_VOICE_SHARE = 0.8  # of a corpus' songs have one pitched voice: then it is one of melodies
_FEWEST_NOTES = 8


def has_melodies(path: Path) -> bool:
    """Whether a prepared corpus consists of single melodies, which need a band; its notes are not read for that."""
    with np.load(path) as arrays:
        voices, instruments = arrays["voice_count"], arrays["instruments"]
    alone = (voices == 1) & (instruments[np.cumsum(voices) - 1] != PERCUSSION)
    return bool(alone.mean() >= _ONE_VOICE_SHARE)


def common_tonic(songs: list[Song]) -> int:
    """The Sa of a raga corpus: notations of one collection share it, so its songs vote."""
    return Counter(find_key(lead_notes(song), raga=True).tonic for song in songs).most_common(1)[0][0]


def _arrange(task: tuple[Song, int | None, int, int]) -> list[Song]:
    song, tonic, seed, variants = task
    raga = tonic is not None
    melody = lead_notes(song)
    metre = find_metre(melody, raga=raga)
    key = find_key(melody, raga=raga, tonic=tonic)
    return [arrange_song(song, metre, key, seed, variant, raga=raga) for variant in range(1, variants + 1)]


def arrange_corpus(songs: list[Song], seed: int, variants: int, workers: int, *, raga: bool) -> Iterator[list[Song]]:
    """The arrangements of each song that has notes enough, in order."""
    tonic = common_tonic(songs) if raga else None
    tasks = [(song, tonic, seed, variants) for song in songs]
    if workers < 2:
        yield from map(_arrange, tasks)
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        yield from pool.map(_arrange, tasks, chunksize=8)


def arrange(data: Path, corpora: list[str] | None, variants: int, seed: int, workers: int) -> None:
    """Write `data/arranged-NAME.npz` for each corpus, and say in the manifest what it is and what from.

    Without names, all corpora of melodies are taken. Raises TrainingError where a named corpus is missing, or there is
    none.
    """
    paths = {path.stem: path for path in sorted(data.glob("*.npz")) if not path.stem.startswith(PREFIX)}
    names = corpora or [name for name, path in paths.items() if has_melodies(path)]
    if missing := [name for name in names if name not in paths]:
        raise TrainingError(f"{data}: there is no prepared corpus {missing[0]!r}; there are {', '.join(paths)}.")
    if not names:
        raise TrainingError(f"{data}: there is no prepared corpus of melodies; run prepare with --out {data} first.")
    manifest = read_manifest(data)
    for name in names:
        usable = [song for song in load_corpus(paths[name]) if len(lead_notes(song)) >= _FEWEST_NOTES]
        arranged: list[Song] = []
        results = arrange_corpus(usable, seed, variants, workers, raga=name in RAGA_CORPORA)
        for songs in tqdm(results, total=len(usable), desc=name, unit="song", leave=False, disable=None):
            arranged += songs
        save_corpus(arranged, data / f"{PREFIX}{name}.npz")
        manifest[f"{PREFIX}{name}"] = {
            "songs": len(arranged),
            "valid_songs": sum(song.valid for song in arranged),
            "notes": sum(len(song.notes) for song in arranged),
            "licences": {f"as {name}, arranged by rule": len(arranged)},
            "skipped": {},
            "synthetic": True,
            "from": name,
        }
        write_manifest(manifest, data)
        print(f"{PREFIX}{name}: {len(arranged):,} songs, {manifest[f'{PREFIX}{name}']['notes']:,} notes, synthetic")
