"""General MIDI programs by name, so that a set can say `flute` instead of 73.

The names are those of the General MIDI System Level 1 specification, programs counted from 0.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import Final

from bollylive.errors import quoted

PERCUSSION_CHANNEL: Final = 9  # channel 10 to people: its keys are drums, and its program selects the kit

NAMES: Final[tuple[str, ...]] = (
    *("acoustic grand piano", "bright acoustic piano", "electric grand piano", "honky-tonk piano"),
    *("electric piano 1", "electric piano 2", "harpsichord", "clavinet"),
    *("celesta", "glockenspiel", "music box", "vibraphone", "marimba", "xylophone", "tubular bells", "dulcimer"),
    *("drawbar organ", "percussive organ", "rock organ", "church organ"),
    *("reed organ", "accordion", "harmonica", "tango accordion"),
    *("acoustic guitar (nylon)", "acoustic guitar (steel)", "electric guitar (jazz)", "electric guitar (clean)"),
    *("electric guitar (muted)", "overdriven guitar", "distortion guitar", "guitar harmonics"),
    *("acoustic bass", "electric bass (finger)", "electric bass (pick)", "fretless bass"),
    *("slap bass 1", "slap bass 2", "synth bass 1", "synth bass 2"),
    *("violin", "viola", "cello", "contrabass", "tremolo strings", "pizzicato strings", "orchestral harp", "timpani"),
    *("string ensemble 1", "string ensemble 2", "synth strings 1", "synth strings 2"),
    *("choir aahs", "voice oohs", "synth voice", "orchestra hit"),
    *("trumpet", "trombone", "tuba", "muted trumpet", "french horn", "brass section", "synth brass 1", "synth brass 2"),
    *("soprano sax", "alto sax", "tenor sax", "baritone sax", "oboe", "english horn", "bassoon", "clarinet"),
    *("piccolo", "flute", "recorder", "pan flute", "blown bottle", "shakuhachi", "whistle", "ocarina"),
    *("lead 1 (square)", "lead 2 (sawtooth)", "lead 3 (calliope)", "lead 4 (chiff)"),
    *("lead 5 (charang)", "lead 6 (voice)", "lead 7 (fifths)", "lead 8 (bass + lead)"),
    *("pad 1 (new age)", "pad 2 (warm)", "pad 3 (polysynth)", "pad 4 (choir)"),
    *("pad 5 (bowed)", "pad 6 (metallic)", "pad 7 (halo)", "pad 8 (sweep)"),
    *("fx 1 (rain)", "fx 2 (soundtrack)", "fx 3 (crystal)", "fx 4 (atmosphere)"),
    *("fx 5 (brightness)", "fx 6 (goblins)", "fx 7 (echoes)", "fx 8 (sci-fi)"),
    *("sitar", "banjo", "shamisen", "koto", "kalimba", "bagpipe", "fiddle", "shanai"),
    *("tinkle bell", "agogo", "steel drums", "woodblock", "taiko drum", "melodic tom", "synth drum", "reverse cymbal"),
    *("guitar fret noise", "breath noise", "seashore", "bird tweet"),
    *("telephone ring", "helicopter", "applause", "gunshot"),
)

# Instruments of the Hindi film orchestra that General MIDI lacks, with the nearest sound that it has.
NEAREST: Final[dict[str, str]] = {
    "bansuri": "flute",
    "harmonium": "reed organ",
    "santoor": "dulcimer",
    "sarangi": "fiddle",
    "sarod": "banjo",
    "shehnai": "shanai",
    "tanpura": "sitar",
}

_PROGRAMS: Final[dict[str, int]] = {
    **{name: program for program, name in enumerate(NAMES)},
    **{name: NAMES.index(sound) for name, sound in NEAREST.items()},
}


def program_of(name: str) -> int:
    """Return the program 0-127 of an instrument's name; case and surrounding spaces do not matter.

    Raises ValueError with a sentence that suggests similar names.
    """
    wanted = " ".join(name.lower().split())
    if wanted in _PROGRAMS:
        return _PROGRAMS[wanted]
    containing = [known for known in _PROGRAMS if wanted and wanted in known]
    near = containing[:3] or get_close_matches(wanted, _PROGRAMS, n=3)
    hint = f"did you mean {' or '.join(map(repr, near))}?" if near else "use a program number 0 to 127."
    raise ValueError(f"{quoted(name)} is not a General MIDI instrument; {hint}")


def name_of(program: int, channel: int = 0) -> str:
    """Return the General MIDI name of a program 0-127; on the percussion channel (9 of 0-15) every program is a kit."""
    return "percussion" if channel == PERCUSSION_CHANNEL else NAMES[program]
