"""A set: who is in the band, what everybody may play, and how far ahead the model thinks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from bollylive.midi.instruments import PERCUSSION_CHANNEL
from bollylive.midi.percussion import Keys

# player: only the musician plays it; continue: the model takes over when the musician stops, and yields at once;
# respond: it answers each phrase with one as long, and stops; accompany: the model plays along all the time; off:
# nothing is heard or sent.
Role: TypeAlias = Literal["player", "continue", "respond", "accompany", "off"]
MOST_BEATS_PER_BAR = 16
MODEL_ROLES: tuple[Role, ...] = ("continue", "respond", "accompany")
TURN_ROLES: tuple[Role, ...] = ("continue", "respond")  # musician and model take turns on the channel

# silence: after `handover_beats` without a key; bar: at the first bar line after that; flow: with the note that the
# model sees coming, if the musician does not play it; command: only when the musician says so.
Handover: TypeAlias = Literal["silence", "bar", "flow", "command"]

# tap, sam: the tempo, and the bar line. hand over: gives a channel to the model, or back. again, back, keep, vary:
# another answer to the same phrase, the one before, this one round and round, this one begun alike. sleep: silence.
Deed: TypeAlias = Literal["tap", "sam", "hand over", "again", "back", "keep", "vary", "sleep"]
DEEDS: tuple[Deed, ...] = get_args(Deed)

# What can be turned while it plays, with its range. `density` is a channel's own.
KNOBS: dict[str, tuple[float, float]] = {
    "temperature": (0.1, 3.0),
    "nucleus": (0.05, 1.0),
    "memory": (0.0, 1.0),
    "follow": (0.0, 1.0),
    "energy": (0.0, 1.0),
    "density": (-2.0, 2.0),
}


ControlKind: TypeAlias = Literal["cc", "note", "program"]
CONTROL_KINDS: tuple[ControlKind, ...] = get_args(ControlKind)


@dataclass(frozen=True, slots=True)
class ControlSet:
    """One controller, key or program change that is a command, and is then neither music nor passed through."""

    kind: ControlKind
    number: int  # 0-127
    does: str  # one of DEEDS or KNOBS
    channel: int | None = None  # 0-15, where it comes from; None: any
    on: int | None = None  # 0-15, the channel that it is for; None: all that it can be for


@dataclass(frozen=True, slots=True)
class ChannelSet:
    """One instrument of the band."""

    channel: int  # 0-15
    name: str = ""
    role: Role = "continue"
    program: int | None = None  # 0-127; None: as the musician or the synthesiser has it
    lowest: int = 0  # pitch 0-127: the model plays nothing below
    highest: int = 127  # pitch 0-127: the model plays nothing above
    polyphony: int = 4  # 1-8 notes at one onset
    density: float = 0.0  # -2 sparse to 2 busy
    entry_bars: int = 0  # 0-64: how many bar lines after the musician's first note it comes in; 0: with that note
    handover: Handover | None = None  # None: as the set says
    answer_bars: int = 0  # 0-64: the model's turn is so long; 0: until interrupted, or, to respond, as the phrase is
    thru: bool | None = None  # None: as the set says
    percussion: Keys = ()  # (General MIDI key, key on the cable) of what it strikes; (): any key, if on channel 10
    delay_ms: float = 0.0  # -500 to 500: how much later the model's notes leave, or earlier, by up to commit_beats
    velocity_curve: float = 1.0  # 0.25-4: the exponent from the model's loudness to the instrument's; below 1 louder
    softest: int = 1  # velocity 1-127 of the model's softest note
    loudest: int = 127  # velocity 1-127 of its loudest
    longest_beats: float | None = None  # 0.05-64: the model's notes are not held longer

    @property
    def is_percussion(self) -> bool:
        """Whether its keys are strokes and not pitches."""
        return self.channel == PERCUSSION_CHANNEL or bool(self.percussion)


@dataclass(frozen=True, slots=True)
class Set:
    """A whole band and its tempo, as a set file describes them."""

    name: str = "untitled"
    tempo_bpm: float = 96.0  # 20-300, until a MIDI clock says otherwise
    beats_per_bar: int = 4  # 1-16, or the beats of a tala's cycle
    model: str = "bollywood"  # a model's name, or the path of its .onnx
    buffer_notes: int | None = None  # notes a channel remembers, 4-512; None: as many as the model was made for
    seed: int | None = None  # the same seed and the same playing give the same music; None: another one each time
    temperature: float = 1.0  # 0.1 predictable to 3.0 wild
    nucleus: float = 0.985  # 0.05-1.0: the share of likely notes that is chosen from
    memory: float = 1.0  # 0-1: how much what was played this session weighs in what is played next
    follow: float = 1.0  # 0-1: how much the band keeps from clashing with what the musician holds
    energy: float = 0.5  # 0-1: how much the band's density and loudness follow the musician's
    quantise: bool = True  # what the model plays keeps to sixteenths and triplets; False: as it feels
    horizon_beats: float = 1.5  # 0.25-8: how far ahead the model plans
    commit_beats: float = 0.25  # 0-4 and below the horizon: what is nearer than this is not taken back
    handover: Handover = "silence"  # how the model takes over a channel that it continues or answers on
    handover_beats: float = 2.0  # 0-64: the silence after which it does
    rest_after_beats: float = 32.0  # 0-1024: in free tempo the band rests after the musician's silence; 0: never
    thru: bool = True  # what the musician plays goes to the output as well
    default_role: Role = "continue"  # of a channel that the set does not name, once it receives notes
    link: bool = False  # the beat of an Ableton Link session is followed while others are in it
    follow_tempo: bool = False  # in free tempo the band's goes with the musician's
    in_port: tuple[str, ...] = ()  # names, or parts of them; "virtual", and none at all, is a port of our own
    out_port: tuple[str, ...] = ()
    channels: tuple[ChannelSet, ...] = ()
    controls: tuple[ControlSet, ...] = ()

    def channel(self, channel: int) -> ChannelSet:
        """Return what is set for a channel 0-15; one that the set does not name plays the default role."""
        for known in self.channels:
            if known.channel == channel:
                return known
        return ChannelSet(channel, role=self.default_role)

    def passes_thru(self, channel: int) -> bool:
        """Whether what the musician plays on a channel 0-15 goes to the output as well."""
        setting = self.channel(channel)
        return setting.role != "off" and (self.thru if setting.thru is None else setting.thru)

    def programs(self) -> list[tuple[int, int]]:
        """The (channel, program) of every instrument that the model may play; percussion has none."""
        return [(c.channel, c.program) for c in self.channels if c.program is not None and c.role in MODEL_ROLES]

    def names(self) -> dict[int, str]:
        """The names of the instruments by channel 0-15."""
        return {setting.channel: setting.name for setting in self.channels}
