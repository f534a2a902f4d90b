"""One row at a time, with sampling inside: what is exported to ONNX and played on stage.

The GRU is written as linear layers, because these become int8 matrix products and an ONNX GRU node does not.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from bollylive import codec
from training.model import BandModel

_COLDEST = 1e-3  # colder would divide by nothing


def choose(scores: Tensor, temperature: Tensor, nucleus: Tensor, noise: Tensor) -> Tensor:
    """Draw one word per row [B] from scores [B, V] by uniform noise [B] in (0, 1).

    Nucleus sampling (Holtzman et al. 2020): only the most probable words that together reach `nucleus` are
    possible, at least the first. The same noise gives the same words; temperature 0 takes the most probable.
    """
    warm = temperature.clamp(min=_COLDEST).unsqueeze(-1)
    probability, order = torch.softmax(scores / warm, dim=-1).sort(dim=-1, descending=True)
    reached = probability.cumsum(dim=-1)
    kept = torch.where(reached - probability < nucleus.unsqueeze(-1), probability, 0)
    passed = kept.cumsum(dim=-1) < noise.unsqueeze(-1) * kept.sum(dim=-1, keepdim=True)
    # Rounding may let the noise pass every kept word; the last one kept is then meant.
    index = torch.minimum(passed.sum(dim=-1), (kept > 0).sum(dim=-1) - 1).clamp(min=0)
    return order.gather(-1, index.unsqueeze(-1)).squeeze(-1)


class Step(nn.Module):
    """The exported graph: choose what a row leaves open, hear the row, choose when the next one comes."""

    def __init__(self, model: BandModel) -> None:
        super().__init__()
        self.model = model

    def word(self, given: Tensor, scores: Tensor, temperature: Tensor, knobs: Tensor, noise: Tensor) -> Tensor:
        """The given word, or a chosen one where the row says CHOOSE."""
        return torch.where(given == codec.CHOOSE, choose(scores, temperature, knobs[:, 4], noise), given)

    def hear(self, note: Tensor, state: Tensor) -> Tensor:
        """The state [B, L, H] after a complete note's GRU input [B, I] (PyTorch's own gate equations)."""
        layers = []
        below = note
        for layer in range(self.model.config.layers):
            weights = [getattr(self.model.rnn, f"{name}_l{layer}") for name in ("weight_ih", "weight_hh")]
            biases = [getattr(self.model.rnn, f"{name}_l{layer}") for name in ("bias_ih", "bias_hh")]
            old = state[:, layer]
            new_reset, new_update, new = F.linear(below, weights[0], biases[0]).chunk(3, dim=-1)
            old_reset, old_update, kept = F.linear(old, weights[1], biases[1]).chunk(3, dim=-1)
            reset, update = torch.sigmoid(new_reset + old_reset), torch.sigmoid(new_update + old_update)
            below = (1 - update) * torch.tanh(new + reset * kept) + update * old
            layers.append(below)
        return torch.stack(layers, dim=1)

    def forward(
        self,
        row: Tensor,
        context: Tensor,
        state: Tensor,
        knobs: Tensor,
        pitch_bias: Tensor,
        onset_bias: Tensor,
        noise: Tensor,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Take one row of every voice.

        row int64 [B, 9], context [B, C], state [B, L, H], knobs [B, 5], pitch_bias [B, 128] and onset_bias
        [B, ONSETS] added to the scores, noise [B, 4]. Gives chosen int64 [B, 4] (pitch, duration, velocity,
        next), logp [B, 4] of these under the biased, untempered scores (0 for the note of a rest), and the new
        state.
        """
        model = self.model
        here = model.here(row, context)
        moment = model.moment_of(state[:, -1], row, context, here)
        rest = row[:, 1] == codec.REST

        pitch_scores = model.pitch_scores(moment, row) + pitch_bias
        pitch = self.word(row[:, 1], pitch_scores, knobs[:, 0], knobs, noise[:, 0])
        duration_scores = model.duration_scores(moment, pitch, row)
        duration = self.word(row[:, 2], duration_scores, knobs[:, 1], knobs, noise[:, 1])
        velocity_scores = model.velocity_scores(moment, pitch, duration)
        velocity = self.word(row[:, 3], velocity_scores, knobs[:, 2], knobs, noise[:, 2])

        complete = torch.cat([row[:, :1], torch.stack([pitch, duration, velocity], dim=1), row[:, 4:]], dim=1)
        after = self.hear(model.note_in(complete, here), state)
        next_scores = model.next_scores(after[:, -1], row, here) + onset_bias
        onset = self.word(row[:, 4], next_scores, knobs[:, 3], knobs, noise[:, 3])

        def logp(scores: Tensor, word: Tensor, none: Tensor) -> Tensor:
            inside = word.clamp(0, scores.shape[-1] - 1).unsqueeze(-1)
            of_word = torch.log_softmax(scores, dim=-1).gather(-1, inside).squeeze(-1)
            return torch.where(none, 0.0, of_word)

        logs = [
            logp(pitch_scores, pitch, rest),
            logp(duration_scores, duration, rest | (duration == codec.HELD)),
            logp(velocity_scores, velocity, rest),
            logp(next_scores, onset, torch.zeros_like(rest)),
        ]
        return torch.stack([pitch, duration, velocity, onset], dim=1), torch.stack(logs, dim=1), after
