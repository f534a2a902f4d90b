"""Train the LSTM baseline: a straight loop over a fixed number of rows, resumable from its checkpoint."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from bollylive.model import codec
from training.baselines.flat import Flat
from training.baselines.lstm import NoteLstm, load_lstm, lstm_loss, pad, save_lstm
from training.baselines.tokens import commonest
from training.errors import TrainingError
from training.recipe import shares
from training.writing import NOT_A_STATE, first_line, write_state

TOKENS = 4096
_BATCH = 32
_RATE = 2e-3
_WARMUP = 100
_CLIP = 1.0
EVERY = 200
_LOUDER = 2  # velocity words up or down


def draw(
    flats: list[Flat], weights: list[float], rng: np.random.Generator
) -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
    """One sequence [T, F] of corpora drawn by weight, in another key and loudness."""
    flat = flats[int(rng.choice(len(flats), p=weights))]
    which = int(rng.integers(len(flat.start)))
    rows = flat.rows[flat.start[which] :][: flat.lengths[which]].astype(np.int64)
    note = rows[:, codec.PITCH] != codec.REST
    if note.any() and rows[0, codec.INSTRUMENT] != codec.PERCUSSION:
        low, high = int(rows[note, codec.PITCH].min()), int(rows[note, codec.PITCH].max())
        shift = int(np.clip(rng.integers(-6, 6), -low, codec.PITCHES - 1 - high))
        rows[note, codec.PITCH] += shift
        rows[rows[:, codec.PREVIOUS] != codec.REST, codec.PREVIOUS] += shift
    louder = rows[note, codec.VELOCITY] + rng.integers(-_LOUDER, _LOUDER + 1)
    rows[note, codec.VELOCITY] = np.clip(louder, 0, codec.VELOCITIES - 1)
    return rows


def fit_lstm(
    corpora: dict[str, Flat], path: Path, rows: int, seed: int, tokens: int = TOKENS, width: int = 256
) -> NoteLstm:
    """Train on `rows` rows in all, drawn from corpora by their shares, and write it to `path`.

    Every so many steps a checkpoint is written beside it, from which the same call goes on.
    """
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    share = shares(corpora)
    flats, weights = list(corpora.values()), [share[name] for name in corpora]
    checkpoint = path.with_suffix(".checkpoint")
    if checkpoint.exists():
        model = load_lstm(path)
    else:
        model = NoteLstm(commonest([flat.rows for flat in flats], weights, tokens), width)
    optimiser = torch.optim.Adam(model.parameters(), _RATE)
    step = 0
    if checkpoint.exists():
        try:
            saved = torch.load(checkpoint, weights_only=True)
            optimiser.load_state_dict(saved["optimiser"])
            step = int(saved["step"])
        except NOT_A_STATE as error:
            raise TrainingError(
                f"{checkpoint}: this is damaged ({first_line(error)}); remove it to fit anew."
            ) from error
    rng = np.random.default_rng((seed, step))
    size = _BATCH * max(int(flat.lengths.max()) for flat in flats)
    steps = math.ceil(rows / size)
    # A processor without AVX-512 has no LSTM in bfloat16, and oneDNN raises instead of taking another.
    halves = bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
    recent: list[float] = []
    bar = tqdm(total=steps * size, initial=step * size, unit="row", unit_scale=True, disable=None, desc="lstm")
    while step < steps:
        for group in optimiser.param_groups:
            progress = max(0.0, (step - _WARMUP) / max(1, steps - _WARMUP))
            group["lr"] = _RATE * min((step + 1) / _WARMUP, 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * progress)))
        batch = pad([draw(flats, weights, rng) for _ in range(_BATCH)])
        known = torch.from_numpy(model.vocabulary.tokens(batch))
        with torch.autocast("cpu", torch.bfloat16, enabled=halves):
            nats, notes = lstm_loss(model, torch.from_numpy(batch), known)
        loss = nats / notes.clamp(min=1)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        torch.nn.utils.clip_grad_norm_(model.parameters(), _CLIP)
        optimiser.step()
        step += 1
        recent = [*recent[-99:], loss.item() / math.log(2)]
        bar.update(size)
        bar.set_postfix(bits=f"{np.mean(recent):.3f}")
        if step % EVERY == 0:
            save_lstm(model, path)
            write_state(checkpoint, {"optimiser": optimiser.state_dict(), "step": step})
            bar.write(f"lstm, step {step:,} of {steps:,}: {np.mean(recent):.3f} bits per note trained")
    bar.close()
    save_lstm(model, path)
    checkpoint.unlink(missing_ok=True)
    return model
