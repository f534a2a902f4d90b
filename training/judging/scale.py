"""Whether the band plays in the musician's key, and in the notes that the musician has used."""

from __future__ import annotations

from typing import Final

import numpy as np

from training.judging.chords import Chroma, chroma
from training.judging.take import ONSET, PITCH, Notes, Take
from training.key_profiles import profile_fits

_SCALES: Final = ({0, 2, 4, 5, 7, 9, 11}, {0, 2, 3, 5, 7, 8, 10, 11})  # minor with both sevenths
_KEY_BARS: Final = 8

_MAJOR: Final = np.array([1, 0, 1, 0, 1, 1, 0, 1, 0, 1, 0, 1], dtype=bool)
_OUTSIDE: Final = 0.006  # how likely a class outside the scale is
_LOG_LIKELY: Final = np.log(np.where(_MAJOR, (1 - 5 * _OUTSIDE) / 7, _OUTSIDE))
_USED: Final = 0.02
_TO_RELATIVE_MINOR: Final = 9


def key_of(sound: Chroma) -> tuple[int, bool] | None:
    """The key whose profile correlates best with a chroma: its tonic, and whether it is minor; None for one note."""
    if (sound > 0).sum() < 2 or sound.std() == 0:
        return None
    best = int(profile_fits(sound).argmax())
    return best % 12, best >= 12


def notes_in_leads_key(take: Take) -> float | None:
    """The share of the band's pitched notes that lie in the lead's key, bar by bar.

    The key is that of what the lead sounds in this bar and the seven before it (Krumhansl and Kessler's profiles); a
    minor key has both sevenths. Bars where the lead has sounded no two pitch classes do not count.
    """
    lead, band = take.notes("lead"), take.notes("bass", "other")
    inside = every = 0
    for bar in range(take.bars):
        begin, end = bar * take.bar_beats, (bar + 1) * take.bar_beats
        key = key_of(chroma(lead, end - _KEY_BARS * take.bar_beats, end))
        if key is None:
            continue
        pitches = band[(band[:, ONSET] >= begin) & (band[:, ONSET] < end), PITCH]
        degrees = (pitches.astype(int) - key[0]) % 12
        inside += sum(int(degree) in _SCALES[key[1]] for degree in degrees)
        every += len(degrees)
    return inside / every if every else None


def signature_of(sound: Chroma) -> frozenset[int]:
    """The seven pitch classes of the key signature under which a chroma is likeliest.

    Each class of the scale has the likelihood (1 - 5 x .006) / 7, each other one .006; relative keys share a
    signature, and no tonic is looked for. (Krumhansl's profiles find a tonic, and often miss the signature.) Of
    signatures that are as likely as each other, as after five notes, that with the best of these keys is taken.
    """
    likely = np.array([np.roll(_LOG_LIKELY, tonic) @ sound for tonic in range(12)])
    best = np.flatnonzero(likely >= likely.max() - 1e-9 * max(1.0, float(sound.sum())))
    fits = profile_fits(sound) if len(best) > 1 and sound.std() > 0 else np.zeros((2, 12))
    tonic = max(best.tolist(), key=lambda one: max(fits[0, one], fits[1, (one + _TO_RELATIVE_MINOR) % 12]))
    return frozenset(np.flatnonzero(np.roll(_MAJOR, tonic)).tolist())


def own_notes(notes: Notes) -> frozenset[int]:
    """The pitch classes of a musician: their signature, and every class with 2 % and more of what they sounded.

    So a minor key's raised seventh is among them, once they play it.
    """
    sound = chroma(notes, -np.inf, np.inf)
    if sound.sum() <= 0:
        return frozenset(range(12))
    return signature_of(sound) | frozenset(np.flatnonzero(sound / sound.sum() >= _USED).tolist())


def is_harmonic_minor(notes: Notes) -> bool:
    """Whether a melody is in a minor key, by its profile, and its raised seventh is more used than the other one."""
    sound = chroma(notes, -np.inf, np.inf)
    key = key_of(sound)
    if key is None or not key[1]:
        return False
    raised, lowered = sound[(key[0] + 11) % 12], sound[(key[0] + 10) % 12]
    return bool(raised > lowered and raised / sound.sum() >= _USED)


def time_in(classes: frozenset[int], take: Take) -> float | None:
    """The share of the time that the band's pitched notes sound, note by note, that is of some pitch classes."""
    band = take.notes("bass", "other")
    sound = chroma(band, 0.0, take.end)
    return float(sound[sorted(classes)].sum() / sound.sum()) if sound.sum() > 0 else None
