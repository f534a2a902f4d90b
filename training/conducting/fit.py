"""Train the conductor: first on true chords, then half of the time on its own; one loop, resumable by epoch.

After each epoch the network is measured on pieces that are kept apart for it. In the second half it plays around their
leads, and the checkpoint that fits them best is kept (`Form.badness`): how often it is right, given the true chords
before, says little about how it plays.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from bollylive.model.predictor import Ints
from training.conducting.examples import Batch, Examples, collate, example, frame_of
from training.conducting.form import Form
from training.conducting.free_runs import judge, own_histories
from training.conducting.gather import LABELLED, gather
from training.conducting.network import ChordNetwork, Sizes
from training.conducting.pieces import Piece
from training.conducting.recipe import SOURCES, ConductConfig
from training.conducting.run import State, append_metrics, write_config
from training.errors import TrainingError
from training.trainer.runfolder import hold_run

_WARMUP_STEPS = 25
_LEAST_RATE = 0.03  # of the highest
_SELDOM = 2  # how many times more a piece is heard whose steps are whole bars, for there are few
_JUDGED = 24  # pieces of each corpus, at most
_NATS_TO_BITS = 1 / math.log(2)


def losses(network: ChordNetwork, batch: Batch) -> tuple[Tensor, Tensor]:
    """The mean cross-entropies, in nats, of the chord and of the lead at the quarters of the step."""
    chords, lead, _ = network(batch.lead, batch.words)
    chord_nats = F.cross_entropy(chords.flatten(0, 1), batch.chord.flatten(), reduction="none").view_as(batch.weight)
    lead_nats = F.cross_entropy(lead.flatten(0, 2), batch.quarters.flatten(), reduction="none")
    lead_nats = lead_nats.view_as(batch.quarters).mean(dim=-1)
    chord = (chord_nats * batch.weight).sum() / batch.weight.sum().clamp(min=1)
    return chord, (lead_nats * batch.unheard).sum() / batch.unheard.sum().clamp(min=1)


def fit(data: Path, run: Path, sizes: Sizes, config: ConductConfig) -> None:
    """Train on the prepared corpora in `data`, or go on with the run in `run`; raises TrainingError without music."""
    torch.set_num_threads(config.threads)
    with hold_run(run):
        write_config(run, sizes, config)
        pieces = gather(data, SOURCES[config.sources])
        trained = [piece for piece in pieces if piece.side == "train"]
        apart = some_of_each([piece for piece in pieces if piece.side == "choose"], _JUDGED)
        if not trained or not apart:
            raise TrainingError(f"{data}: there are {len(trained)} pieces to learn from and {len(apart)} to choose by.")
        train(trained, apart, run, sizes, config)


def some_of_each(pieces: Sequence[Piece], most: int) -> list[Piece]:
    """At most so many pieces of each corpus, evenly from all of it."""
    by_corpus: dict[str, list[Piece]] = {}
    for piece in pieces:
        by_corpus.setdefault(piece.corpus, []).append(piece)
    return [piece for some in by_corpus.values() for piece in some[:: -(-len(some) // most)]]


def train(trained: Sequence[Piece], apart: Sequence[Piece], run: Path, sizes: Sizes, config: ConductConfig) -> None:
    """Train on pieces, and choose the checkpoint by others."""
    torch.manual_seed(config.seed)
    network = ChordNetwork(sizes)
    optimiser = torch.optim.AdamW(network.parameters(), config.rate, weight_decay=config.weight_decay)
    state = State(network, optimiser)
    state.resume(run)
    own: list[Ints] | None = None
    for epoch in range(state.epoch, config.true_epochs + config.own_epochs):
        begun_s = time.perf_counter()
        rng = np.random.default_rng((config.seed, epoch))
        since = epoch - config.true_epochs
        if since >= 0 and (own is None or since % config.renew == 0):
            own = own_histories(network, trained, rng)
        nats = train_epoch(state, trained, own, rng, config)
        state.epoch = epoch + 1
        bits = _NATS_TO_BITS * measure(network, apart)
        form = judge(network, apart)
        is_best = since >= 0 and form.badness < state.best
        state.best = form.badness if is_best else state.best
        append_metrics(run, _row(state.epoch, _NATS_TO_BITS * nats, bits, form, time.perf_counter() - begun_s))
        state.save(run, is_best)


def train_epoch(
    state: State, pieces: Sequence[Piece], own: list[Ints] | None, rng: np.random.Generator, config: ConductConfig
) -> float:
    """One pass over the pieces, of those without written chords over a part; returns the mean loss of the chord."""
    network, examples, seen = state.network, Examples(rng, config.length), []
    network.train()
    heard = [i for i, piece in enumerate(pieces) if piece.weight > LABELLED or rng.random() < config.label_share]
    seldom = [i for i in heard if pieces[i].steps_per_bar == 1]
    order = rng.permutation(heard + _SELDOM * seldom).tolist()
    starts = range(0, len(order), config.batch)
    for step, begin in enumerate(starts):
        for group in state.optimiser.param_groups:
            group["lr"] = config.rate * _pace(state.epoch, step, len(starts), config)
        some = order[begin : begin + config.batch]
        batch = collate([examples.draw(pieces[i], None if own is None else own[i]) for i in some])
        chord, lead = losses(network, batch)
        state.optimiser.zero_grad()
        loss = chord + config.lead_share * lead
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        nn.utils.clip_grad_norm_(network.parameters(), config.clip)
        state.optimiser.step()
        seen.append(float(chord.detach()))
    return float(np.mean(seen))


def _pace(epoch: int, step: int, steps: int, config: ConductConfig) -> float:
    """The learning rate as a part of the highest: a short warm-up and a cosine, once in each half of the training."""
    first, epochs = (0, config.true_epochs) if epoch < config.true_epochs else (config.true_epochs, config.own_epochs)
    done = (epoch - first) * steps + step
    cosine = 0.5 + 0.5 * math.cos(math.pi * done / (epochs * steps))
    return min(1.0, (done + 1) / _WARMUP_STEPS) * max(_LEAST_RATE, cosine)


@torch.no_grad()
def measure(network: ChordNetwork, pieces: Sequence[Piece]) -> float:
    """The mean loss of the chord in nats, given the true chords before and nothing of the step itself."""
    network.eval()
    total = weight = 0.0
    for batch in _whole(pieces):
        chord, _ = losses(network, batch)
        rows = float(batch.weight.sum())
        total, weight = total + float(chord) * rows, weight + rows
    return total / max(weight, 1.0)


def _whole(pieces: Sequence[Piece], together: int = 24) -> Iterator[Batch]:
    for begin in range(0, len(pieces), together):
        some = pieces[begin : begin + together]
        yield collate([example(piece, piece.chords, frame_of(piece, len(piece) // 2), 0, None) for piece in some])


def _row(epoch: int, train_bits: float, bits: float, form: Form, seconds: float) -> dict[str, float]:
    return {
        "epoch": epoch, "seconds": seconds, "train": train_bits, "apart": bits, **asdict(form), "badness": form.badness
    }  # fmt: skip
