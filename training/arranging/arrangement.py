"""A band around a melody: real tunes to whole songs, for corpora that have melodies but no bands.

Melody, tala and key are the song's; theka, bass, chords or drone, and answers are made by rule (see the modules
`theka`, `bass`, `chords`, `counter`). The manifest marks the result as synthetic: it teaches a model the idiom, and
must never be measured on as if a band had played it.
"""

from __future__ import annotations

import random

import numpy as np
from numpy.typing import NDArray

from bollylive.model.codec import PERCUSSION
from training.arranging.bandkind import HARMONIUM, SITAR, SYNTHS, Band, draw_band
from training.arranging.bass import play_bass
from training.arranging.bols import DHOLAK, TABLA
from training.arranging.chart import Chart, Chord, Part, Section, Tone
from training.arranging.chords import play_comping, play_pad, play_tanpura
from training.arranging.counter import answer, quote, shadow
from training.arranging.form import Form, draw_form
from training.arranging.harmonise import harmonise, split_slots
from training.arranging.kit import play_claps, play_cymbals, play_kit, play_tambourine
from training.arranging.metre import Metre, strength, vary
from training.arranging.theka import draw_hands, play_theka
from training.data.corpus import DURATION, ONSET, PITCH, VELOCITY, VOICE, Song
from training.data.melody import busiest_voice
from training.data.tonality import Key

_LOWEST_MEDIAN, _HIGHEST_MEDIAN = 60, 76
_LEAD_VELOCITY = 94
_OUTRO_SHARE = 0.6

Voices = list[tuple[int, Part]]


def lead_notes(song: Song) -> NDArray[np.int32]:
    """The notes of the melody, moved by octaves to where voices and flutes are: median C4 to E5."""
    notes: NDArray[np.int32] = song.notes[song.notes[:, VOICE] == busiest_voice(song.notes)].copy()
    median = float(np.median(notes[:, PITCH]))
    octaves = 0
    while median + 12 * octaves > _HIGHEST_MEDIAN and (notes[:, PITCH] + 12 * (octaves - 1)).min() >= 0:
        octaves -= 1
    while median + 12 * octaves < _LOWEST_MEDIAN and (notes[:, PITCH] + 12 * (octaves + 1)).max() < 128:
        octaves += 1
    notes[:, PITCH] += 12 * octaves
    return notes


def _dynamics(notes: NDArray[np.int32], metre: Metre) -> NDArray[np.int32]:
    """Velocities: the recorded ones where they vary, brought to a lead's level; else louder on strong matras."""
    recorded = notes[:, VELOCITY]
    if len(np.unique(recorded)) > 2:
        return np.clip(recorded + round(_LEAD_VELOCITY - float(recorded.mean())), 60, 120).astype(np.int32)
    grid = strength(metre.tala)
    place = np.rint((notes[:, ONSET] - metre.phase) * 2 / metre.matra).astype(int) % len(grid)
    longer = np.minimum(notes[:, DURATION], 48) / 12
    height = (notes[:, PITCH] - np.median(notes[:, PITCH])) / 3
    accented: NDArray[np.float64] = np.clip(_LEAD_VELOCITY - 8 + 3 * grid[place] + longer + height, 72, 116)
    return accented.astype(np.int32)


def _play_lead(notes: NDArray[np.int32], form: Form, metre: Metre) -> Part:
    velocity = _dynamics(notes, metre)
    part = [
        Tone(int(n[ONSET]) - form.sam + section.start, int(n[DURATION]), int(n[PITCH]), int(v))
        for section in form.sections
        if section.kind == "verse"
        for n, v in zip(notes, velocity, strict=True)
    ]
    return sorted(part)


def _chart(notes: NDArray[np.int32], form: Form, metre: Metre, key: Key, rng: random.Random, raga: bool) -> Chart:
    """Chords of a verse for every verse; what comes before or between has those of the melody it quotes."""
    end = form.sections[-1].end
    if raga:
        return Chart(metre, key, form.sections, (Chord(0, end, key.tonic, None),))
    slots = split_slots(form.sam, form.sam + form.verse, metre, halves=rng.random() < 0.3)
    verse = harmonise(notes, slots, metre, key, rng)
    chords: list[Chord] = []
    for section in form.sections:
        if section.kind == "outro":
            chords.append(Chord(section.start, section.end, key.tonic, key.minor))
            continue
        source = source_tick(section, form)
        for chord in verse:
            start = max(chord.start - source, 0) + section.start
            until = min(chord.end - source + section.start, section.end)
            if until > start:
                chords.append(Chord(start, until, chord.root, chord.minor))
        if chords[-1].end < section.end:
            chords.append(Chord(chords[-1].end, section.end, key.tonic, key.minor))
    return Chart(metre, key, form.sections, tuple(chords))


def source_tick(section: Section, form: Form) -> int:
    """The melody tick that a section begins with: an intro leads up to the melody's end, an interlude is its head."""
    if section.kind == "intro":
        return form.sam + max(form.verse - (section.end - section.start), 0)
    return form.sam


def _percussion(chart: Chart, band: Band, resting: frozenset[Section], rng: random.Random) -> Voices:
    """The percussion, mostly as the one voice that a drum channel is; now and then hand drums and kit apart."""
    hand: Part = []
    rest: Part = []
    tala = chart.metre.tala
    for plays, sounds in ((band.tabla, TABLA), (band.dholak, DHOLAK)):
        if plays and not (hand and rng.random() < 0.5):
            hand += play_theka(chart, draw_hands(tala, sounds, rng, strict=band.strict), resting, rng)
    if band.kit:
        rest += play_kit(chart, rng.choice(tala.grooves), resting, rng)
    if band.manjira:
        rest += play_cymbals(chart, resting)
    if band.tambourine:
        rest += play_tambourine(chart, resting)
    if band.claps:
        rest += play_claps(chart, resting)
    apart = bool(hand and rest) and rng.random() < 0.15
    return [(PERCUSSION, part) for part in ((hand, rest) if apart else (hand + rest,))]


def _play(chart: Chart, band: Band, notes: NDArray[np.int32], form: Form, rng: random.Random) -> Voices:
    """All voices of the band, the melody first."""
    melody = _play_lead(notes, form, chart.metre)
    intros = [s for s in chart.sections if s.kind == "intro"]
    verses = [s for s in chart.sections if s.kind == "verse"]
    interludes = [s for s in chart.sections if s.kind == "interlude"]

    def rests(intro: float, first_verse: float = 0.0, interlude: float = 0.0) -> frozenset[Section]:
        out = set(intros) if rng.random() < intro else set()
        if out and len(verses) > 1 and rng.random() < first_verse:
            out.add(verses[0])
        if interludes and rng.random() < interlude:
            out.add(rng.choice(interludes))
        return frozenset(out)

    voices: Voices = [(band.lead, melody)]
    voices += _percussion(chart, band, rests(0.35, 0.1, 0.12), rng)
    if band.bass is not None:
        voices.append((band.bass, play_bass(chart, rests(0.3, 0.1, 0.1), rng, walks=rng.choice((0.0, 0.4, 0.7)))))
    if band.pad is not None:
        voices.append((band.pad, play_pad(chart, rests(0.1, 0.1), rng, softer=6 if band.pad in SYNTHS else 0)))
    if band.comping is not None:
        voices.append((band.comping, play_comping(chart, rests(0.2, 0.2, 0.2), rng, chops=band.chops)))
    if band.tanpura:
        beat = 24 if chart.metre.matra >= 24 or chart.metre.tala.name == "keherwa" else 3 * chart.metre.matra
        voices.append((SITAR, play_tanpura(chart, frozenset(), beat)))
    if band.harmonium:
        voices.append((HARMONIUM, shadow(chart, melody, rng.choice((0, -7)), 58)))
    if band.counter is not None:
        voices.append((band.counter, _counter(chart, melody, form, band, rng)))
    return voices


def _counter(chart: Chart, melody: Part, form: Form, band: Band, rng: random.Random) -> Part:
    """The answering instrument: fills in verses, the tune in intro and interlude, a shadow in the last verse."""
    verse = next(section for section in chart.sections if section.kind == "verse")
    part = answer(chart, melody, band.register, rng, often=rng.choice((0.25, 0.4, 0.6)))
    tune = [tone._replace(onset=tone.onset - verse.start + form.sam) for tone in melody if tone.onset < verse.end]
    for section in chart.sections:
        if section.kind in {"intro", "interlude"} and rng.random() < 0.75:
            source, length = source_tick(section, form), section.end - section.start
            part += quote(tune, section.start, source, length, band.register)
    last = [section for section in chart.sections if section.kind == "verse"][-1]
    if last is not verse and band.counter in {40, 48, 49} and rng.random() < 0.6:
        part = [tone for tone in part if tone.onset < last.start]
        part += shadow(chart, [tone for tone in melody if tone.onset >= last.start], rng.choice((-5, -2)), 62)
    return part


def arrange_song(song: Song, metre: Metre, key: Key, seed: int, variant: int, *, raga: bool) -> Song:
    """One arrangement of a song's melody; the same seed and variant give the same notes.

    The melody keeps its onsets, durations and pitch classes, shifted by whole cycles and octaves. `raga`: a drone and
    scale notes only. The result is named as the song with `#` and the variant, its work and `valid` are the song's.
    """
    rng = random.Random(f"{seed}/{song.name}/{variant}")
    notes, metre = lead_notes(song), vary(metre, rng)
    band = draw_band(rng, raga=raga, grooves=bool(metre.tala.grooves))
    form = draw_form(notes, metre, rng)
    chart = _chart(notes, form, metre, key, rng, raga)
    voices = [(program, clean(part)) for program, part in _play(chart, band, notes, form, rng)]
    voices = [(program, part) for program, part in voices if part]
    if rng.random() < 0.3:
        rng.shuffle(voices)
    rows = [(*tone[:2], *tone[2:], voice) for voice, (_, part) in enumerate(voices) for tone in part]
    table = np.array(rows, dtype=np.int32)
    table = table[np.lexsort((table[:, PITCH], table[:, VOICE], table[:, ONSET]))]
    return Song(
        f"{song.name}#{variant}",
        song.work,
        song.valid,
        table,
        np.array([program for program, _ in voices], dtype=np.int16),
        np.array([(0, metre.bar)], dtype=np.int32),
    )


def clean(part: Part) -> Part:
    """A part in order, the louder of two equal strokes kept, a pitch ended where it is struck again."""
    ordered = sorted((tone for tone in part if tone.onset >= 0), key=lambda t: (t.onset, t.pitch, -t.velocity))
    kept: Part = []
    sounding: dict[int, int] = {}
    for tone in ordered:
        at = sounding.get(tone.pitch)
        if at is not None:
            earlier = kept[at]
            if earlier.onset == tone.onset:
                continue
            if earlier.onset + earlier.duration > tone.onset:
                kept[at] = earlier._replace(duration=tone.onset - earlier.onset)
        sounding[tone.pitch] = len(kept)
        kept.append(tone)
    return kept
