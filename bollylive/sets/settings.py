"""The table of all settings, and what they make together: a set, which says who is in the band and how it plays.

One line for each setting: name, type, default, legal values, and help for a musician. The rules of a set file, the
comments in `default.toml`, the knobs, and what a saved set changes while the band plays are derived from these lines.
To add a setting or a knob, add a line here and use it; then run `python -m bollylive.sets.default_file`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Literal, TypeAlias

from bollylive.midi.instruments import PERCUSSION_CHANNEL
from bollylive.midi.mpe import master_of
from bollylive.midi.percussion import Keys
from bollylive.sets.control_set import ACTION_HELP, ControlSet
from bollylive.sets.parts import PartName, PartNames
from bollylive.sets.ragas import Raga
from bollylive.sets.scales import OWN, PitchClass, Scale
from bollylive.sets.schema import Setting, about, setting, settings_of
from bollylive.sets.value_kinds import (
    Channel,
    Choice,
    Knob,
    Names,
    Number,
    Pitch,
    Program,
    Strokes,
    Switch,
    Text,
    Whole,
    Zones,
)

MOST_BEATS_PER_BAR: Final = 16

Role: TypeAlias = Literal["player", "continue", "respond", "accompany", "off"]
MODEL_ROLES: Final[tuple[Role, ...]] = ("continue", "respond", "accompany")
TURN_ROLES: Final[tuple[Role, ...]] = ("continue", "respond")  # musician and model take turns on the channel
ROLES: Final = Choice(
    {
        "player": "only you play it",
        "continue": "the model takes over when you stop, and yields at once when you play again",
        "respond": "the model answers each of your phrases with one of the same length, from the next bar line on",
        "accompany": "the model plays along; where you play its channel, it waits",
        "off": "nobody plays it",
    }
)

Handover: TypeAlias = Literal["silence", "bar", "flow", "command"]
HANDOVERS: Final = Choice(
    {
        "silence": "after handover_beats of silence",
        "bar": "at the first bar line after that silence",
        "flow": "without a gap, as soon as you leave out a note that the model expects",
        "command": 'only by a control that does "hand over"',
    }
)


@dataclass(frozen=True, slots=True)
class ChannelSet:
    """One instrument of the band. A saved set changes all of these while the band plays."""

    channel: int = field(metadata=about(Setting(Channel(), "the instrument's MIDI channel", example=1)))
    name: str = setting("", Text(), "shown by `bollylive watch` and in recordings", example="Sitar")
    role: Role = setting("continue", ROLES, "who plays it")
    program: int | None = setting(
        None, Program(), "the instrument that the model plays; channel 10 needs none", example="sitar"
    )
    lowest: int = setting(0, Pitch(), 'the lowest note that the model plays; 60 or "C4" is middle C')
    highest: int = setting(127, Pitch(), "the highest note that it plays")
    polyphony: int = setting(4, Whole(1, 8), "how many notes the model may begin together", unit="notes")
    density: float = setting(0.0, Knob(-2, 2), "how busy the model is; below 0 it is sparser")
    part: tuple[PartName, ...] = setting(
        (), PartNames(), "what it is for; a list allows several; left out: anything", example=["pad", "answer"]
    )
    entry_bars: int = setting(
        0, Whole(0, 64), "how long it listens after your first note before it comes in", unit="bars"
    )
    handover: Handover | None = setting(None, HANDOVERS, "as for the whole band, but only this channel", example="bar")
    answer_bars: int = setting(
        0, Whole(0, 64), "how long the model's turn is; 0: until you play, or as long as your phrase", unit="bars"
    )
    thru: bool | None = setting(None, Switch(), "as for the whole band, but only this channel", example=False)
    sound_program: int | None = setting(
        None, Program(), "the sound of the synthesiser; left out: that of program", example="banjo"
    )
    percussion: Keys = setting(
        (), Strokes(), "its strokes; a list joins several; or { 60 = 36, 64 = 38 } for other keys", example="tabla"
    )
    delay_ms: float = setting(
        0.0, Number(-500, 500), "how much later its notes leave; below 0: earlier, by up to commit_beats", unit="ms"
    )
    velocity: int | None = setting(
        None, Whole(1, 127), "the mean velocity of its notes; left out: as the model feels it", example=80
    )
    velocity_curve: float = setting(1.0, Number(0.25, 4), "below 1 its soft notes are louder, above 1 softer")
    softest: int = setting(1, Whole(1, 127), "the velocity of its softest note")
    loudest: int = setting(127, Whole(1, 127), "the velocity of its loudest note")
    longest_beats: float | None = setting(
        None, Number(0.05, 64), "how long its notes are held at most", unit="beats", example=2
    )

    @property
    def is_percussion(self) -> bool:
        """Whether its keys are strokes and not pitches."""
        return self.channel == PERCUSSION_CHANNEL or bool(self.percussion)

    @property
    def sound(self) -> int | None:
        """The program 0-127 that the synthesiser needs; None if its sound stays as it is."""
        return self.program if self.sound_program is None else self.sound_program


@dataclass(frozen=True, slots=True)
class Set:
    """A whole band and its tempo, as a set file describes them."""

    name: str = setting("untitled", Text(), "the name of the band; left out: the name of the file")
    in_port: tuple[str, ...] = setting((), Names(), "the ports that you play into", live=False, example="IAC")
    out_port: tuple[str, ...] = setting(
        (), Names(), "the ports that the band plays to", live=False, example=["IAC", "virtual"]
    )
    thru: bool = setting(True, Switch(), "your notes go to the output too; false if the DAW plays them")
    mpe: tuple[int, int] = setting(  # the member channels of the lower and of the upper zone
        (0, 0), Zones(), "how many channels, from 2 on, an MPE keyboard on channel 1 plays on", example=5
    )
    tempo_bpm: float = setting(96.0, Number(20, 300), "the tempo while no clock leads", unit="bpm")
    beats_per_bar: float = setting(  # whole in a set file; a song may have bars of 3.5 beats
        4, Whole(1, MOST_BEATS_PER_BAR), "4 for keherwa, 3 for dadra, 16 for tintal", unit="beats", live=False
    )
    link: bool = setting(
        False, Switch(), "Ableton Link leads while others are in its session", live=False, example=True
    )
    follow_tempo: bool = setting(
        False, Switch(), "while nothing else leads, the tempo follows yours, from 2/3 to 3/2 of tempo_bpm", example=True
    )
    model: str = setting("bollywood", Text(), "the name of a model, or the path of its .onnx file", live=False)
    temperature: float = setting(1.0, Knob(0.1, 3), "how freely it chooses: low is predictable, high is wild")
    nucleus: float = setting(0.985, Knob(0.05, 1), "the share of likely notes to choose from; lower is safer")
    memory: float = setting(1.0, Knob(0, 1), "how much your motifs of this session come back")
    follow: float = setting(1.0, Knob(0, 1), "how much the band avoids clashes with the notes that you hold")
    energy: float = setting(0.5, Knob(0, 1), "how much the band becomes denser and louder when you do")
    harmony_strength: float = setting(1.0, Knob(0, 2), "how much the band keeps to its common chords; 0: not at all")
    scale: str = setting(OWN, Scale(), "the notes that the band plays")
    scale_lock: float = setting(0.8, Knob(0, 1), "how strictly it keeps to that scale; 1: no other note")
    raga: str | None = setting(
        None, Raga(), "a raga in place of the scale; a small letter is komal, M' is tivra", example="yaman"
    )
    sa: int = setting(0, PitchClass(), "the note that is Sa of the raga; left out: C", example="D")
    raga_lock: float = setting(1.0, Knob(0, 1), "how strictly the band keeps to the raga; 1: no other note")
    quantise: bool = setting(True, Switch(), "sixteenths and triplets only; false: looser, as the model feels it")
    seed: int | None = setting(
        None, Whole(0), "the same seed and the same playing give the same music", live=False, example=7
    )
    buffer_notes: int | None = setting(
        None,
        Whole(4, 512),
        "how much a channel remembers; left out: what the model was made for",
        unit="notes",
        live=False,
        example=64,
    )
    horizon_beats: float = setting(0.0, Number(0, 8), "how far ahead the band plans; 0: just in time", unit="beats")
    commit_beats: float = setting(
        0.25, Number(0, 4), "notes due sooner than this stay as planned, whatever you play", unit="beats"
    )
    handover: Handover = setting("silence", HANDOVERS, "when the model takes over a channel that you share")
    handover_beats: float = setting(2.0, Number(0, 64), "how long that silence is", unit="beats")
    rest_after_beats: float = setting(
        32.0, Number(0, 1024), "without a clock, the band rests after this long a silence; 0: never", unit="beats"
    )
    clock_rest_after_beats: float = setting(
        96.0, Number(0, 1024), "under a clock, at the next bar line after this; 0: never", unit="beats"
    )
    default_role: Role = setting(
        "continue", ROLES, "the role of a channel that is not named below, once you play on it"
    )
    channels: tuple[ChannelSet, ...] = ()
    controls: tuple[ControlSet, ...] = ()

    def channel(self, channel: int) -> ChannelSet:
        """Return the settings of a channel 0-15; a channel that the set does not name has the default role.

        A member channel of an MPE zone is off: nobody plays an instrument of its own there.
        """
        own = next((known for known in self.channels if known.channel == channel), None)
        own = own or ChannelSet(channel, role=self.default_role)
        return own if self.player_of(channel) == channel else replace(own, role="off")

    def player_of(self, channel: int) -> int:
        """Return the channel 0-15 of the player who plays on a channel 0-15: another one for the members of a zone."""
        return master_of(channel, *self.mpe)

    def passes_thru(self, channel: int) -> bool:
        """Whether what the musician plays on a channel 0-15 goes to the output as well."""
        own = self.channel(self.player_of(channel))
        return own.role != "off" and (self.thru if own.thru is None else own.thru)

    def sounds(self) -> list[tuple[int, int]]:
        """The (channel, program) to send to the synthesiser for every instrument that the model may play.

        The model plays for the instrument `ChannelSet.program`, whatever sound the synthesiser has.
        """
        heard = self.model_channels
        return [(c.channel, c.sound) for c in self.channels if c.sound is not None and c.channel in heard]

    @property
    def model_channels(self) -> frozenset[int]:
        """The channels 0-15 on which the model may be heard."""
        return frozenset(channel for channel in range(16) if self.channel(channel).role in MODEL_ROLES)

    def names(self) -> dict[int, str]:
        """The names of the instruments by channel 0-15."""
        return {own.channel: own.name for own in self.channels}


SET_SETTINGS: Final = settings_of(Set)
CHANNEL_SETTINGS: Final = settings_of(ChannelSet)
KNOBS: Final[Mapping[str, Knob]] = {
    name: known.kind
    for name, known in (*SET_SETTINGS.items(), *CHANNEL_SETTINGS.items())
    if isinstance(known.kind, Knob)
}
CONTROL_SETTINGS: Final[Mapping[str, Setting]] = {
    "cc": Setting(Whole(0, 119), "the number of a controller", example=80),
    "note": Setting(Pitch(), "instead of cc: a key, which needs its channel", example=36),
    "program": Setting(Whole(0, 127), "instead of cc: a program change", example=4),
    "channel": Setting(Channel(), "the channel that it comes from; left out: any", example=1),
    "does": Setting(
        Choice({**ACTION_HELP, **{name: f"a knob, from {knob.legal}" for name, knob in KNOBS.items()}}),
        "what it does",
        example="again",
    ),
    "on": Setting(Channel(), "the instrument that it acts on; left out: all that it can act on", example=1),
}
