"""Train the model: one straight loop, resumable, over a fixed number of notes.

The learning rate warms up and then falls along a half cosine. After every so many steps the model is measured on
held-out songs and the run folder is brought up to date; see `runfolder`.
"""

from __future__ import annotations

import contextlib
import math
import time
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F
from torch.utils.data import DataLoader
from tqdm import tqdm

from bollylive import codec
from training.corpus import Song, load_corpora
from training.dataset import Batches, collate
from training.errors import TrainingError
from training.model import BandModel, Scores
from training.recipe import ModelConfig, TrainConfig, shares
from training.runfolder import append_metrics, read_config, save, write_config
from training.sequence import Sequence, some_sequences

VALID_SEQUENCES = 64
NATS_TO_BITS = 1 / math.log(2)


def field_bits(scores: Scores, rows: Tensor) -> tuple[Tensor, Tensor]:
    """The bits of each field summed over a batch [4] (pitch, duration, velocity, onset), and the number of notes.

    Rests cost only onset bits; padding (next is CHOOSE) nothing; a held note's duration is not counted.
    """
    notes = rows[..., 1] != codec.REST
    known = notes & (rows[..., 2] != codec.HELD)
    asked = (notes, known, notes, rows[..., 4] != codec.CHOOSE)
    words = (rows[..., 1], rows[..., 2], rows[..., 3], rows[..., 4])
    bits = [
        F.cross_entropy(score[mask].float(), word[mask], reduction="sum") * NATS_TO_BITS
        for score, word, mask in zip(scores, words, asked, strict=True)
    ]
    return torch.stack(bits), notes.sum()


@torch.no_grad()
def validate(model: BandModel, corpora: dict[str, list[Sequence]], batch: int, length: int) -> dict[str, list[float]]:
    """Bits per note by field (pitch, duration, velocity, onset) for each corpus."""
    device = next(model.parameters()).device
    model.eval()
    result = {}
    for name, sequences in corpora.items():
        total, count = torch.zeros(4), 0
        for begin in range(0, len(sequences), batch):
            some = collate(sequences[begin : begin + batch], length)
            rows, heard, context = (tensor.to(device) for tensor in some)
            bits, notes = field_bits(model(rows, context, heard), rows)
            total, count = total + bits.cpu(), count + int(notes)
        result[name] = (total / max(count, 1)).tolist()
    model.train()
    return result


def rate_at(step: int, steps: int, config: TrainConfig) -> float:
    """The learning rate: a linear warm-up, then a half cosine to a hundredth."""
    if step < config.warmup:
        return config.rate * (step + 1) / config.warmup
    progress = (step - config.warmup) / max(1, steps - config.warmup)
    return config.rate * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(1.0, progress))))


def device_of(name: str) -> torch.device:
    """The device that `auto`, `cpu` or `cuda` means here; raises TrainingError where it is not there."""
    there = torch.cuda.is_available()
    if name not in ("auto", "cpu", "cuda") or (name == "cuda" and not there):
        choice = "auto, cpu or cuda" if there else "auto or cpu"
        raise TrainingError(f"the device {name!r} cannot be used here; choose {choice}.")
    return torch.device("cuda" if there and name != "cpu" else "cpu")


def check_resumable(run: Path, sizes: ModelConfig, config: TrainConfig) -> None:
    """Raise TrainingError where a run that began otherwise lies in the folder."""
    if not (run / "checkpoint.pt").exists():
        return
    began_sizes, began = read_config(run)
    if (sizes, config.batch, config.length) != (began_sizes, began.batch, began.length):
        raise TrainingError(
            f"{run}: the run in this folder began with width {began_sizes.width}, layers {began_sizes.layers}, batch "
            f"{began.batch} and length {began.length}; resume it with these, or choose another folder."
        )


def load_music(data: Path, config: TrainConfig) -> tuple[dict[str, list[Song]], dict[str, list[Sequence]]]:
    """The songs to train on and the sequences to validate on, by corpus; raises TrainingError if there is no song."""
    kept, held = {}, {}
    for name, songs in load_corpora(data).items():
        if some := [song for song in songs if not song.valid]:
            kept[name] = some
        if some := [song for song in songs if song.valid]:
            held[name] = some_sequences(some, config.length, VALID_SEQUENCES, config.seed)
    if not kept:
        raise TrainingError(f"{data}: every song here is held out; prepare more music to train on.")
    return kept, held


def train(data: Path, run: Path, sizes: ModelConfig, config: TrainConfig) -> None:  # noqa: PLR0915  # one straight loop
    """Train on prepared corpora in `data`, writing to the folder `run`; resumes what is there.

    Raises TrainingError where there is nothing to train on, or the run cannot be resumed with these settings.
    """
    check_resumable(run, sizes, config)
    device = device_of(config.device)
    torch.set_num_threads(config.threads)
    torch.manual_seed(config.seed)
    kept, held = load_music(data, config)
    model = BandModel(sizes).to(device)
    optimiser = torch.optim.AdamW(model.parameters(), config.rate, weight_decay=config.weight_decay)
    step, best, earlier_s = 0, math.inf, 0.0
    if (run / "checkpoint.pt").exists():
        saved = torch.load(run / "checkpoint.pt", weights_only=True, map_location=device)
        model.load_state_dict(saved["model"])
        optimiser.load_state_dict(saved["optimiser"])
        step, best, earlier_s = saved["step"], saved["best"], saved.get("seconds", 0.0)
    run.mkdir(parents=True, exist_ok=True)
    write_config(run, sizes, config)

    weighted = [(share, kept[name]) for name, share in shares(kept).items()]
    # A resumed run goes on with other batches than it began with.
    batches = Batches(weighted, config.batch, config.length, config.seed + 7919 * step)
    rows_a_step = config.batch * config.length
    steps = math.ceil(config.notes / rows_a_step)
    stream = iter(DataLoader(batches, batch_size=None, num_workers=config.workers))
    bar = tqdm(total=steps * rows_a_step, initial=step * rows_a_step, unit="row", unit_scale=True, disable=None)
    recent: list[float] = []
    began = time.monotonic() - earlier_s
    while step < steps:
        rows, heard, context = (tensor.to(device) for tensor in next(stream))
        for group in optimiser.param_groups:
            group["lr"] = rate_at(step, steps, config)
        with torch.autocast(device.type, torch.bfloat16, enabled=config.bfloat16):
            scores = model(rows, context, heard)
        bits, notes = field_bits(scores, rows)
        loss = bits.sum() / notes.clamp(min=1)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        torch.nn.utils.clip_grad_norm_(model.parameters(), config.clip)
        optimiser.step()
        step += 1
        recent = [*recent[-99:], loss.item()]
        if not math.isfinite(recent[-1]):
            raise TrainingError(f"the loss is no number after step {step}; resume with a lower rate.")
        bar.update(rows_a_step)
        bar.set_postfix(bits=f"{np.mean(recent):.3f}")
        if step % config.every == 0 or step == steps:
            figures = validate(model, held, config.batch, config.length)
            train_bits, seconds = float(np.mean(recent)), time.monotonic() - began
            mean = float(np.mean([sum(fields) for fields in figures.values()])) if figures else train_bits
            append_metrics(run, step, seconds, train_bits, figures)
            draw(run)
            state = {"model": model.state_dict(), "config": {"width": sizes.width, "layers": sizes.layers}}
            if mean < best:
                best = mean
                save(state, run / "best.pt")
            newest = {"optimiser": optimiser.state_dict(), "step": step, "best": best, "seconds": seconds}
            save({**state, **newest}, run / "checkpoint.pt")
            bar.write(f"step {step:,} of {steps:,}: {train_bits:.3f} bits per note trained, {mean:.3f} held out")
    bar.close()


def draw(run: Path) -> None:
    """Draw the metrics, where matplotlib is installed."""
    with contextlib.suppress(ImportError):
        from training.plots import draw_metrics

        draw_metrics(run)
