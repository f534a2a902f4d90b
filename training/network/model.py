"""The whole model: a recurrent network that chooses a voice's note at the moment of its onset.

The state is computed from all rows of a voice so far. At a note's onset the *moment* (the recurrent layers' output,
the onset, the beat, what the band sounds right then, and what the voice itself played before, see `bar_echoes`) gives
pitch, then duration, then velocity, then the onset of the next note, each conditioned on the ones before. So the
pitch is chosen with the context at the onset itself, not with that of one note earlier.

Structured outputs spare the network what arithmetic knows: pitch scores add a part read by the interval from the
previous pitch, onset scores a part read by the place in the bar, and both, like durations, a part that an echo of
the voice's own past votes for.

Shapes: B voices, T rows, H width, C context, E echoes. The state [B, S, H] holds what each layer keeps.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from bollylive.model import bar_echoes, codec
from bollylive.model.bar_echoes import ECHOES
from bollylive.model.context import BAND_HARMONY, CONTEXT_SIZE, LEAD_HARMONY
from training.network.layers import make_layers
from training.network.words import WordSum
from training.recipe import ModelConfig

_FAR = -1e9  # a score that no noise can choose
_NO_PITCH = 60  # the interval's root where a voice has not sounded yet
_INTERVALS = 2 * codec.PITCHES
_HARMONY = BAND_HARMONY.stop - BAND_HARMONY.start + LEAD_HARMONY.stop - LEAD_HARMONY.start
_FAMILY = 8  # programs to a family of General MIDI


class Widths(NamedTuple):
    """The widths of the layers beside the recurrent ones; only a tiny model for tests has others than these."""

    hearing: int = 64
    echo: int = 128
    duration: int = 128
    velocity: int = 96
    next: int = 192


_WIDTHS = Widths()


class Scores(NamedTuple):
    """Unnormalised log-probabilities of the four words of each row."""

    pitch: Tensor  # [..., 128]
    duration: Tensor  # [..., DURATIONS]
    velocity: Tensor  # [..., VELOCITIES]
    next: Tensor  # [..., ONSETS]


class Moment(NamedTuple):
    """All that is known when a row's words are to be chosen, as the first layer of each head."""

    rows: Tensor  # int64 [..., F]
    echoes: Tensor  # int64 [..., E, 5]
    votes: Tensor  # [..., 3 * E]: how much each echo's pitch, duration and next count
    pitch: Tensor  # [..., 128]
    interval: Tensor  # [..., 256]
    duration: Tensor
    velocity: Tensor
    next: Tensor


def column(words: Tensor, number: int) -> Tensor:
    """One column of rows or echoes [..., F], as [..., 1]."""
    return words[..., number : number + 1]


def add_votes(scores: Tensor, words: Tensor, weights: Tensor) -> Tensor:
    """Scores [..., V] with a weight [..., E] added to the word [..., E] of each echo; the word V gets nothing."""
    return F.pad(scores, (0, 1)).scatter_add(-1, words, weights.to(scores.dtype))[..., :-1]


def interval_of(pitch: Tensor, previous: Tensor) -> Tensor:
    """The interval word, 0-255, 128 for a unison and where there is no pitch."""
    root = torch.where(previous == codec.REST, _NO_PITCH, previous)
    return torch.where(pitch == codec.REST, codec.PITCHES, pitch - root + codec.PITCHES)


class BandModel(nn.Module):
    """Word tables, recurrent layers, and the chain of heads; see the module's first lines."""

    def __init__(self, config: ModelConfig, widths: Widths = _WIDTHS) -> None:
        super().__init__()
        self.config = config
        width = config.width
        words = [field.words for field in codec.ROW]
        place = (*words[codec.SURROUNDINGS], codec.INSTRUMENTS // _FAMILY + 1)
        note = (*words[codec.STATED], _INTERVALS)
        echo = (*(field.words for field in bar_echoes.ECHO), _INTERVALS)

        self.hearing = nn.Linear(CONTEXT_SIZE, widths.hearing)
        self.listen_words = WordSum((*note, *place), width)
        self.listen_in = nn.Linear(widths.hearing, width)
        self.layers = make_layers(config.layers, width)
        self.listened = nn.LayerNorm(width)

        self.echo_words = WordSum(echo * ECHOES, widths.echo)
        self.moment_words = WordSum((codec.ONSETS, codec.PITCHES + 1, *place), width)
        self.moment_in = nn.Linear(width + widths.hearing + _HARMONY + widths.echo, width)
        self.sizes = (3 * ECHOES, codec.PITCHES, _INTERVALS, widths.duration, widths.velocity, widths.next)
        self.heads = nn.Linear(width, sum(self.sizes))
        self.duration_words = WordSum((codec.PITCHES + 1, codec.ONSETS), widths.duration)
        self.duration_out = nn.Linear(widths.duration, codec.DURATIONS)
        self.velocity_words = WordSum((codec.PITCHES + 1, codec.DURATIONS + 1), widths.velocity)
        self.velocity_out = nn.Linear(widths.velocity, codec.VELOCITIES)
        self.next_words = WordSum((codec.PITCHES + 1, codec.DURATIONS + 1, codec.ONSETS), widths.next)
        self.next_out = nn.Linear(widths.next, codec.ONSETS + codec.PLACES)

    @property
    def state_shape(self) -> tuple[int, int]:
        """The shape of a voice's state: what each layer keeps, by the width."""
        return sum(layer.state_rows for layer in self.layers), self.config.width

    def surroundings(self, rows: Tensor, context: Tensor) -> tuple[Tensor, Tensor]:
        """Who plays where in which bar, as four words [..., 4], and what the band sounds then [..., W]."""
        family = torch.div(column(rows, codec.INSTRUMENT), _FAMILY, rounding_mode="trunc")
        return torch.cat([rows[..., codec.SURROUNDINGS], family], dim=-1), F.silu(self.hearing(context))

    def rows_in(self, rows: Tensor, place: Tensor, hearing: Tensor) -> Tensor:
        """Complete rows as the first layer hears them: [B, T, H]."""
        interval = interval_of(column(rows, codec.PITCH), column(rows, codec.PREVIOUS))
        words = torch.cat([rows[..., codec.STATED], interval, place], dim=-1)
        heard: Tensor = self.listen_words(words) + self.listen_in(hearing)
        return heard

    def go_on(self, below: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """Feed rows [B, T, H] after a state [B, S, H]; gives the last output [B, H], and the states [B, T, S, H] after
        each row.
        """
        kept, begin = [], 0
        for layer in self.layers:
            below, after = layer.go_on(below, state[:, begin : begin + layer.state_rows])
            kept.append(after)
            begin += layer.state_rows
        return self.listened(below[:, -1]), torch.cat(kept, dim=2)

    def moment_of(
        self, before: Tensor, rows: Tensor, echoes: Tensor, context: Tensor, place: Tensor, hearing: Tensor
    ) -> Moment:
        """All that is known at the onset of rows, with the recurrent layers' output before them [..., H].

        The harmony is given a second time relative to the previous pitch, so that what is learnt in one key holds
        in all.
        """
        previous = column(rows, codec.PREVIOUS)
        turn = (torch.arange(12, device=rows.device) + previous) % 12
        harmony = torch.cat([context[..., BAND_HARMONY], context[..., LEAD_HARMONY]], dim=-1)
        harmony = harmony.reshape(*context.shape[:-1], _HARMONY // 12, 12)
        turned = harmony.gather(-1, turn.unsqueeze(-2).expand(harmony.shape)).flatten(-2)
        interval = interval_of(column(echoes, bar_echoes.PITCH), previous.unsqueeze(-1))
        echo = F.silu(self.echo_words(torch.cat([echoes, interval], dim=-1).flatten(-2)))
        words = torch.cat([column(rows, codec.ONSET), previous, place], dim=-1)
        known = torch.cat([before, hearing, turned, echo], dim=-1)
        moment = F.silu(self.moment_words(words) + self.moment_in(known))
        return Moment(rows, echoes, *self.heads(moment).split(self.sizes, dim=-1))

    def pitch_scores(self, moment: Moment) -> Tensor:
        """Scores of the 128 pitches; within a chord only what lies above the previous note is possible."""
        previous = column(moment.rows, codec.PREVIOUS)
        pitches = torch.arange(codec.PITCHES, device=previous.device)
        scores = moment.pitch + moment.interval.gather(-1, interval_of(pitches, previous))
        scores = add_votes(scores, moment.echoes[..., bar_echoes.PITCH], moment.votes[..., :ECHOES])
        in_chord = (column(moment.rows, codec.ONSET) == 0) & (previous != codec.REST)
        return torch.where(in_chord & (pitches <= previous), _FAR, scores)

    def duration_scores(self, moment: Moment, pitch: Tensor) -> Tensor:
        """Scores of the durations, knowing the pitch [..., 1]."""
        known = moment.duration + self.duration_words(torch.cat([pitch, column(moment.rows, codec.ONSET)], dim=-1))
        scores = self.duration_out(F.silu(known))
        return add_votes(scores, moment.echoes[..., bar_echoes.DURATION], moment.votes[..., ECHOES : 2 * ECHOES])

    def velocity_scores(self, moment: Moment, pitch: Tensor, duration: Tensor) -> Tensor:
        """Scores of the velocities, knowing pitch and duration [..., 1]."""
        known = moment.velocity + self.velocity_words(torch.cat([pitch, duration], dim=-1))
        scores: Tensor = self.velocity_out(F.silu(known))
        return scores

    def next_scores(self, moment: Moment, pitch: Tensor, duration: Tensor) -> Tensor:
        """Scores of the time to the next onset, partly by the place in the bar where it would fall."""
        rows = moment.rows
        known = moment.next + self.next_words(torch.cat([pitch, duration, column(rows, codec.ONSET)], dim=-1))
        scores, by_place = self.next_out(F.silu(known)).split((codec.ONSETS, codec.PLACES), dim=-1)
        ahead = torch.arange(codec.ONSETS, device=rows.device)
        places = (column(rows, codec.PLACE) + ahead) % column(rows, codec.CYCLE)
        scores = scores + by_place.gather(-1, places) * (ahead != codec.WAIT)
        return add_votes(scores, moment.echoes[..., bar_echoes.NEXT], moment.votes[..., 2 * ECHOES :])

    def forward(self, rows: Tensor, echoes: Tensor, context: Tensor, heard: Tensor) -> Scores:
        """Score known rows [B, T, F] with echoes [B, T, E, 5] and context [B, T, C] from a fresh state.

        `heard` are the rows as they go into the state; they differ from `rows` only where a duration is HELD.
        Needs complete rows: no CHOOSE but in `next`.
        """
        place, hearing = self.surroundings(rows, context)
        said = self.rows_in(heard, place, hearing)
        for layer in self.layers:
            said = layer(said)
        before = F.pad(self.listened(said).float(), (0, 0, 1, 0))[:, :-1]
        moment = self.moment_of(before, rows, echoes, context, place, hearing)
        pitch, duration = column(rows, codec.PITCH), column(rows, codec.DURATION)
        return Scores(
            self.pitch_scores(moment),
            self.duration_scores(moment, pitch),
            self.velocity_scores(moment, pitch, duration),
            self.next_scores(moment, pitch, column(heard, codec.DURATION)),
        )
