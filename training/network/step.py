"""Feed some rows and choose the next one, with sampling inside: what is exported to ONNX and runs on stage."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from bollylive.model import codec
from training.network.model import BandModel, column

_CHOICES = len(codec.CHOICES)
_COLDEST = 1e-3  # colder would divide by nothing
_MOST_WORDS = 16  # sorting all of them takes longer than all the network


def choose(scores: Tensor, temperature: Tensor, nucleus: Tensor, noise: Tensor) -> Tensor:
    """Draw one word per row [B, 1] from scores [B, V] by uniform noise [B, 1] in (0, 1).

    Nucleus sampling (Holtzman et al. 2020): only the most probable words that together reach `nucleus` are
    possible, at least the first and never more than `_MOST_WORDS`. The same noise gives the same words. The colder
    (a temperature above 0), the surer it takes the most probable.
    """
    probability, order = torch.softmax(scores / temperature, dim=-1).topk(min(_MOST_WORDS, scores.shape[-1]), dim=-1)
    kept = torch.where(probability.cumsum(dim=-1) - probability < nucleus, probability, 0)
    reached = kept.cumsum(dim=-1)
    index = (reached < noise * reached[:, -1:]).sum(dim=-1, keepdim=True)
    return order.gather(-1, index)


class Step(nn.Module):
    """The exported graph: feed what has been played since the state, then choose what the newest row leaves open."""

    def __init__(self, model: BandModel) -> None:
        super().__init__()
        self.model = model

    def forward(
        self,
        rows: Tensor,
        echoes: Tensor,
        context: Tensor,
        state: Tensor,
        knobs: Tensor,
        pitch_bias: Tensor,
        onset_bias: Tensor,
        noise: Tensor,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Feed all rows of every voice but the last, and complete the last; T is at least 2.

        rows int64 [B, T, F], complete but for the last; echoes int64 [B, E, 5] of the last row; context [B, T, C];
        state [B, S, H] before the first row; knobs [B, 5]; pitch_bias [B, 128] and onset_bias [B, ONSETS] added
        to the scores; noise [B, 4]. Gives chosen int64 [B, 4] (pitch, duration, velocity, next), logp [B, 4] of
        these under the biased, untempered scores (0 for the note of a rest), and the states [B, T - 1, S, H]
        after each row that was heard.
        """
        model = self.model
        place, hearing = model.surroundings(rows, context)
        said, states = model.go_on(model.rows_in(rows[:, :-1], place[:, :-1], hearing[:, :-1]), state)
        row = rows[:, -1]
        moment = model.moment_of(said, row, echoes, context[:, -1], place[:, -1], hearing[:, -1])
        temperature, nucleus = knobs[:, :_CHOICES].clamp(min=_COLDEST), knobs[:, _CHOICES:]

        def word(field: int, scores: Tensor) -> tuple[Tensor, Tensor]:
            """The given word or, where the row says CHOOSE, a drawn one [B, 1], and its logarithm."""
            of_field = slice(field - codec.CHOSEN.start, field - codec.CHOSEN.start + 1)
            given = column(row, field)
            drawn = choose(scores, temperature[:, of_field], nucleus, noise[:, of_field])
            chosen = torch.where(given == codec.CHOOSE, drawn, given)
            inside = chosen.clamp(max=scores.shape[-1] - 1)
            return chosen, torch.log_softmax(scores, dim=-1).gather(-1, inside)

        pitch, pitch_logp = word(codec.PITCH, model.pitch_scores(moment) + pitch_bias)
        duration, duration_logp = word(codec.DURATION, model.duration_scores(moment, pitch))
        velocity, velocity_logp = word(codec.VELOCITY, model.velocity_scores(moment, pitch, duration))
        onset, onset_logp = word(codec.NEXT, model.next_scores(moment, pitch, duration) + onset_bias)
        sounds = pitch != codec.REST
        known = torch.cat([sounds, sounds & (duration != codec.HELD), sounds], dim=-1)
        logp = torch.cat([pitch_logp, duration_logp, velocity_logp], dim=-1) * known
        return torch.cat([pitch, duration, velocity, onset], dim=-1), torch.cat([logp, onset_logp], dim=-1), states
