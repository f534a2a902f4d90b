"""Train the model: one straight loop, resumable, over a fixed number of notes, in one process or several.

After every so many steps the model is measured on held-out songs and the run folder is brought up to date; see
`runfolder`. The training stops early when they have not improved for a while.
"""

from __future__ import annotations

import contextlib
import math
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import DataLoader
from tqdm import tqdm

from bollylive.model import codec
from training.data.corpus import Song, load_corpora
from training.errors import TrainingError
from training.network.model import BandModel, Scores
from training.recipe import ModelConfig, TrainConfig, shares
from training.sequences.dataset import Batch, Batches, collate
from training.sequences.sequence import Sequence, some_sequences
from training.trainer.group import ALONE, Group, join_group
from training.trainer.runfolder import (
    Best,
    State,
    append_metrics,
    forget_metrics_after,
    hold_run,
    read_config,
    write_config,
)

VALID_SEQUENCES = 64
NATS_TO_BITS = 1 / math.log(2)


def field_bits(scores: Scores, rows: Tensor) -> tuple[Tensor, Tensor]:
    """The bits of each chosen field summed over a batch, in the order of `codec.CHOSEN`, and the number of notes.

    Rests cost only onset bits; padding (next is CHOOSE) nothing; a held note's duration is not counted.
    """
    notes = rows[..., codec.PITCH] != codec.REST
    masks = {codec.DURATION: notes & (rows[..., codec.DURATION] != codec.HELD)}
    masks[codec.NEXT] = rows[..., codec.NEXT] != codec.CHOOSE
    bits = []
    for column, score in enumerate(scores, start=codec.CHOSEN.start):
        mask = masks.get(column, notes)
        nats = F.cross_entropy(score[mask].float(), rows[..., column][mask], reduction="sum")
        bits.append(nats * NATS_TO_BITS)
    return torch.stack(bits), notes.sum()


@torch.no_grad()
def validate(
    model: BandModel, corpora: dict[str, list[Sequence]], batch: int, length: int, group: Group = ALONE
) -> dict[str, list[float]]:
    """Bits per note by field (`codec.FIGURES`) for each corpus, of which each process of a group measures a part.

    The members of a group must all ask, with the same corpora; they get the same answer.
    """
    device = next(model.parameters()).device
    model.eval()
    sums = torch.zeros(len(corpora), len(codec.CHOICES) + 1, dtype=torch.float64)  # the bits of each field, and notes
    for total, sequences in zip(sums, corpora.values(), strict=True):
        share = sequences[group.rank :: group.size]
        for begin in range(0, len(share), batch):
            some = collate(share[begin : begin + batch], length).to(device)
            bits, notes = field_bits(model(some.rows, some.echoes, some.context, some.heard), some.rows)
            total.add_(torch.cat([bits, notes[None]]).cpu())
    model.train()
    return {
        name: (total[:-1] / total[-1].clamp(min=1)).tolist()
        for name, total in zip(corpora, group.sum(sums), strict=True)
    }


def rate_at(step: int, steps: int, config: TrainConfig) -> float:
    """The learning rate: a linear warm-up, then constant, and over the last part a line down to nothing.

    So a run can be lengthened as long as it has not begun to cool down. After Hagele et al. 2024, "Scaling laws and
    compute-optimal training beyond fixed training durations".
    """
    warm = min(1.0, (step + 1) / max(1, config.warmup))
    cool = min(1.0, (steps - step) / max(1.0, config.cooldown * steps))
    return config.rate * warm * cool


def held_out_bits(figures: dict[str, list[float]], heard: dict[str, float]) -> float:
    """The bits per note over all corpora, each counting by its share of what is heard."""
    weights = {name: heard.get(name, 0.0) for name in figures}
    whole = sum(weights.values())
    if not whole:
        return float(np.mean([sum(fields) for fields in figures.values()]))
    return sum(weights[name] * sum(fields) for name, fields in figures.items()) / whole


def check_resumable(run: Path, sizes: ModelConfig, config: TrainConfig) -> None:
    """Raise TrainingError if the folder holds a run that began with other settings."""
    if not (run / "checkpoint.pt").exists():
        return
    began_sizes, began = read_config(run)
    if (sizes, *_data_of(config)) != (began_sizes, *_data_of(began)):
        raise TrainingError(
            f"{run}: the run in this folder began with width {began_sizes.width}, layers {began_sizes.layers}, batch "
            f"{began.batch}, length {began.length}{'' if began.context else ' and without context'}; resume it with "
            "these, or choose another folder."
        )


def _data_of(config: TrainConfig) -> tuple[int, int, bool]:
    """The settings that say what a batch is."""
    return config.batch, config.length, config.context


def load_music(data: Path, config: TrainConfig) -> tuple[dict[str, list[Song]], dict[str, list[Sequence]]]:
    """The songs to train on and the sequences to validate on, by corpus; raises TrainingError if there is no song."""
    kept, held = {}, {}
    for name, songs in load_corpora(data).items():
        if some := [song for song in songs if not song.valid]:
            kept[name] = some
        if some := [song for song in songs if song.valid]:
            held[name] = some_sequences(some, config.length, VALID_SEQUENCES, config.seed, not config.context)
    if not kept:
        raise TrainingError(f"{data}: every song here is held out; prepare more music to train on.")
    return kept, held


def draw_batches(
    corpora: list[tuple[float, list[Song]]], config: TrainConfig, group: Group, step: int
) -> Iterator[Batch]:
    """This process's share of each batch from a step on; a resumed run goes on with others than it began with."""
    seed = config.seed + 7919 * step + 104729 * group.rank
    batches = Batches(corpora, config.batch // group.size, config.length, seed, not config.context)
    # Spawned: a fork would copy locks that threads of torch hold.
    context = "spawn" if config.workers else None
    return iter(DataLoader(batches, batch_size=None, num_workers=config.workers, multiprocessing_context=context))


def learn(
    network: nn.Module, optimiser: torch.optim.Optimizer, batch: Batch, rate: float, config: TrainConfig
) -> float:
    """Take one step on a batch; gives its bits per note."""
    for parameters in optimiser.param_groups:
        parameters["lr"] = rate
    with torch.autocast(batch.rows.device.type, torch.bfloat16, enabled=config.bfloat16):
        scores = network(batch.rows, batch.echoes, batch.context, batch.heard)
    bits, notes = field_bits(scores, batch.rows)
    loss = bits.sum() / notes.clamp(min=1)
    optimiser.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
    torch.nn.utils.clip_grad_norm_(network.parameters(), config.clip)
    optimiser.step()
    return loss.item()


def train(data: Path, run: Path, sizes: ModelConfig, config: TrainConfig) -> None:
    """Train on prepared corpora in `data`, writing to the folder `run`; resumes what is there.

    Started by torchrun, every process takes its share of each batch, and the first one writes.
    Raises TrainingError where there is nothing to train on, or the run cannot be resumed with these settings, is
    damaged, or is trained by another program.
    """
    check_resumable(run, sizes, config)
    group = join_group(config)
    torch.set_num_threads(config.threads)
    torch.manual_seed(config.seed)
    model = BandModel(sizes).to(group.device)
    kept, held = load_music(data, config)
    state = State(model, torch.optim.AdamW(model.parameters(), config.rate, weight_decay=config.weight_decay))
    with hold_run(run) if group.first else contextlib.nullcontext():
        state.resume(run)
        if group.first:
            forget_metrics_after(run, state.step)
            write_config(run, sizes, config)
        _train_on(kept, held, state, run, config, group)
    group.leave()


def _train_on(
    kept: dict[str, list[Song]],
    held: dict[str, list[Sequence]],
    state: State,
    run: Path,
    config: TrainConfig,
    group: Group,
) -> None:
    """Take the steps that are left, and bring the run folder up to date after every so many."""
    model = state.model
    heard = shares(kept)
    stream = draw_batches([(share, kept[name]) for name, share in heard.items()], config, group, state.step)
    rows_a_step = config.batch * config.length
    steps = math.ceil(config.notes / rows_a_step)
    network = group.share(model)
    planned, before = steps * rows_a_step, state.step * rows_a_step
    bar = tqdm(total=planned, initial=before, unit="row", unit_scale=True, disable=group.quiet)
    recent: deque[float] = deque(maxlen=100)
    began = time.monotonic() - state.seconds
    measured = state.step  # of the newest validation
    while state.step < steps and state.best.waited(measured) < config.patience:
        rate = rate_at(state.step, steps, config)
        recent.append(learn(network, state.optimiser, next(stream).to(group.device), rate, config))
        state.step += 1
        if not math.isfinite(recent[-1]):
            raise TrainingError(f"the loss is no number after step {state.step}; resume with a lower rate.")
        bar.update(rows_a_step)
        bar.set_postfix(bits=f"{np.mean(recent):.3f}")
        if state.step % config.every == 0 or state.step == steps:
            # All members must agree on these figures, and so on when it is time to stop.
            figures = validate(model, held, config.batch, config.length, group)
            train_bits = group.mean(float(np.mean(recent)))
            held_bits = held_out_bits(figures, heard) if figures else train_bits
            measured, state.seconds = state.step, time.monotonic() - began
            if held_bits < state.best.bits:
                state.best = Best(held_bits, state.step)
            if group.first:
                rows = state.step * rows_a_step
                append_metrics(run, state.step, state.seconds, rows, train_bits, held_bits, figures)
                draw(run)
                state.save(run)
                said = f"{train_bits:.3f} bits a note trained, {held_bits:.3f} held out"
                bar.write(f"step {state.step:,} of {steps:,}: {said}")
    bar.close()
    if group.first and state.step < steps:
        print(f"Stopped at step {state.step:,}: nothing was better than at step {state.best.step:,}.")


def draw(run: Path) -> None:
    """Draw the metrics, where matplotlib is installed."""
    with contextlib.suppress(ImportError):
        from training.trainer.plots import draw_metrics

        draw_metrics(run)
