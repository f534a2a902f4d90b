"""What a musician is told when somebody else leads the beat."""

from __future__ import annotations

from typing import Literal, TypeAlias

# The band's own tempo; the musician's playing; an Ableton Link session; a MIDI clock; one that has fallen silent.
Leader: TypeAlias = Literal["free", "player", "link", "midi", "lost"]


def tell_leader(before: Leader, now: Leader, bpm: float) -> str | None:
    """The sentence for a change of leader, at a tempo; None where there is nothing to say."""
    match before, now:
        case _, "lost":
            return f"The MIDI clock is lost; the band plays on at {bpm:.1f} beats per minute until it is back."
        case "lost", "midi":
            return "The MIDI clock is back."
        case _, "midi":
            return "The MIDI clock leads."
        case _, "link":
            return f"Ableton Link leads, at {bpm:.1f} beats per minute."
        case _, "player":
            return "Your playing leads the tempo."
        case "link", _:
            return f"Nobody else is in the Link session; the tempo is free, and stays at {bpm:.1f}."
        case "lost", _:
            return "The MIDI clock stays away; the tempo is free, and the band rests when you do."
    return None
