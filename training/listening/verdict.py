"""The figures on the model's renditions: group by group, beside the real music of the same songs."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from bollylive.midi.instruments import PERCUSSION_CHANNEL
from training.data.corpus import ONSET, VELOCITY, VOICE
from training.data.tonality import find_key
from training.listening.copying import Library, measure_copying, words_of
from training.listening.excerpt import Excerpt, Notes, percussive
from training.listening.fit import Sound, measure_fit, share_of_consonance, sound_of, together_by_tick
from training.listening.overlap import Histograms, add, count, notes_per_bar, overlap
from training.listening.recovery import bars_around, measure_recovery, regained
from training.listening.rendition import Rendition
from training.listening.repetition import describe_voices

ALL = "all"
_BARS_SHOWN = 16


def judge(renditions: list[Rendition], pitched: Library, percussion: Library) -> dict[str, Any]:
    """All figures by corpus and way; `all` is over the corpora together."""
    report: dict[str, Any] = {}
    corpora = sorted({r.excerpt.corpus for r in renditions})
    for corpus in (*corpora, ALL):
        own = [r for r in renditions if corpus in (ALL, r.excerpt.corpus)]
        ways: dict[str, Any] = {}
        for way in dict.fromkeys(r.way for r in own):
            group = [r for r in own if r.way == way]
            ways[way] = judge_way(group, own)
            ways[way]["copying"] = judge_copying(group, pitched, percussion)
        report[corpus] = ways
    return report


def judge_way(group: list[Rendition], others: list[Rendition]) -> dict[str, Any]:
    """The figures on renditions that were played in one way; `others` may hold the same excerpts in other ways."""
    way = group[0].way
    figures: dict[str, Any] = {"renditions": len(group), "notes": sum(len(r.played) for r in group)}
    figures["generated"] = describe_voices((r.excerpt, r.played, r.channels) for r in group)
    figures["by_bar"] = {"generated": through_time(group, [r.played for r in group])}
    if way == "backing":
        sounds = [_sounds(r) for r in group]
        fit, shuffled = share_of_consonance([melody for melody, _ in sounds], [others for _, others in sounds])
        figures["fit"] = {"generated": fit, "generated_shuffled": shuffled}
        figures["channels"] = {
            str(channel + 1): describe_voices((r.excerpt, r.played, [channel]) for r in group)
            for channel in group[0].channels
        }
        return figures
    figures["real"] = describe_voices((r.excerpt, r.real, r.channels) for r in group)
    figures["by_bar"]["real"] = through_time(group, [r.real for r in group])
    generated, real, first, second = histograms(group)
    figures["overlap"] = overlap(generated, real)
    figures["overlap_of_real_halves"] = overlap(first, second)
    if way in ("warm", "cold"):
        figures["fit"] = _fit(group)
    if way == "moved":
        figures["recovery"] = _recovery(group, [r for r in others if r.way == "cold"])
    return figures


def histograms(group: list[Rendition]) -> tuple[Histograms, Histograms, Histograms, Histograms]:
    """What was generated, what is real, and the two halves in time of what is real."""
    parts: tuple[list[Histograms], ...] = ([], [], [], [])
    for r in group:
        excerpt = r.excerpt
        tonic, bars, half = _tonic(excerpt), excerpt.bars, excerpt.bars // 2
        spans = (
            (r.played, 0, bars),
            (r.real, 0, bars),
            (r.real, 0, half),
            (r.real, half, 2 * half),
        )
        for part, (notes, begin, end) in zip(parts, spans, strict=True):
            part.append(count(notes, r.channels, tonic, excerpt.cycle, begin, end))
    generated, real, first, second = (add(part) for part in parts)
    return generated, real, first, second


def through_time(group: list[Rendition], music: list[Notes]) -> dict[str, list[float]]:
    """Bar by bar from the first: notes of a voice, mean velocity, and the fit to the musician's melody."""
    notes, voices = np.zeros(_BARS_SHOWN), np.zeros(_BARS_SHOWN)
    velocity, pairs = np.zeros(_BARS_SHOWN), np.zeros((_BARS_SHOWN, 2))
    for r, played in zip(group, music, strict=True):
        excerpt = r.excerpt
        shown = min(excerpt.bars, _BARS_SHOWN)
        per_bar = notes_per_bar(played, r.channels, excerpt.cycle, 0, excerpt.bars)[:, :shown]
        notes[:shown] += per_bar.sum(axis=0)
        voices[:shown] += len(r.channels)
        bar = played[:, ONSET] // excerpt.cycle
        velocity += np.bincount(bar, played[:, VELOCITY], minlength=_BARS_SHOWN)[:_BARS_SHOWN]
        together = together_by_tick(sound_of(r.melody, excerpt.end), sound_of(played, excerpt.end))
        for column, ticks in enumerate(together):
            pairs[:shown, column] += ticks.reshape(excerpt.bars, -1).sum(axis=1)[:shown]
    return {
        "notes": _rounded(notes / np.maximum(voices, 1)),
        "velocity": _rounded(velocity / np.maximum(notes, 1)),
        "fit": _rounded(pairs[:, 0] / np.maximum(pairs[:, 1], 1)),
    }


def judge_copying(group: list[Rendition], pitched: Library, percussion: Library) -> dict[str, Any]:
    """What the renditions share with the training songs, beside what the songs themselves do."""
    figures: dict[str, Any] = {}
    for name, library, drums in (("pitched", pitched, False), ("percussion", percussion, True)):
        sides = {"generated": [(r, r.played) for r in group]}
        if group[0].way != "backing":
            sides["real"] = [(r, r.real) for r in group]
        for side, music in sides.items():
            voices = [
                words_of(notes[notes[:, VOICE] == channel], drums)
                for r, notes in music
                for channel in r.channels
                if (channel == PERCUSSION_CHANNEL) == drums
            ]
            if voices:
                figures.setdefault(name, {})[side] = asdict(measure_copying(library, voices))
    return figures


def _tonic(excerpt: Excerpt) -> int:
    """The tonic of the real song, primer and all; both sides are read from it."""
    pitched = excerpt.notes[~percussive(excerpt.notes)]
    return find_key(pitched, raga=False).tonic if len(pitched) else 0


def _sounds(r: Rendition) -> tuple[Sound, Sound]:
    return sound_of(r.melody, r.excerpt.end), sound_of(r.played, r.excerpt.end)


def _fit(group: list[Rendition]) -> dict[str, Any] | None:
    real = [sound_of(r.real, r.excerpt.end) for r in group]
    sounds = [_sounds(r) for r in group]
    fit = measure_fit([melody for melody, _ in sounds], real, [others for _, others in sounds])
    return asdict(fit) if fit else None


def _recovery(group: list[Rendition], still: list[Rendition]) -> dict[str, Any]:
    """As it was; beside it a melody that stays in its key, and a band that does not hear the change of key."""
    cold = {(r.excerpt.corpus, r.excerpt.song): r for r in still}
    bars: dict[str, list[Any]] = {"moved": [], "melody_stays": [], "band_stays": []}
    for r in group:
        other = cold[r.excerpt.corpus, r.excerpt.song]
        (melody, played), (melody_before, played_before) = _sounds(r), _sounds(other)
        for name, pair in (
            ("moved", (melody, played)),
            ("melody_stays", (melody_before, played_before)),
            ("band_stays", (melody, played_before)),
        ):
            bars[name].append(bars_around(*pair, r.excerpt.cycle, r.change))
    measured = {name: measure_recovery(songs) for name, songs in bars.items()}
    figures: dict[str, Any] = {name: asdict(recovery) if recovery else None for name, recovery in measured.items()}
    return figures | {"regained": regained(bars["moved"], bars["melody_stays"], bars["band_stays"])}


def _rounded(values: Any) -> list[float]:
    return [round(float(value), 4) for value in values]
