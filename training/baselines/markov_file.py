"""The Markov model as one compressed file of flat arrays."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bollylive.files.whole_file import write_file
from training.baselines.chains import CHAINS, mixed
from training.baselines.counts import Table
from training.baselines.markov import LIVE, SCORERS, Markov
from training.errors import TrainingError


def save_markov(markov: Markov, path: Path) -> None:
    """Write the tables, once, and the weights of both scorers: whole or not at all.

    Sorted contexts are stored as their differences, which compress to a third.
    """
    arrays: dict[str, NDArray[Any]] = {
        f"{name}.{field}.weights": weights for name, by in markov.weights.items() for field, weights in by.items()
    }
    for field, chains in markov.tables.items():
        for i, tables in enumerate(chains):
            for j, table in enumerate(tables):
                key = f"{field}.{i}.{j}"
                arrays[f"{key}.contexts"] = np.diff(table.contexts, prepend=np.uint32(0))
                arrays[f"{key}.spread"] = table.spread.astype(np.uint16)
                arrays[f"{key}.words"] = table.words
                arrays[f"{key}.counts"] = table.counts
    # savez takes its own options for names of arrays
    write_file(path, lambda file: np.savez_compressed(file, **arrays))  # type: ignore[arg-type]


def load_markov(path: Path) -> Markov:
    """Read what `save_markov` wrote; raises TrainingError for anything else, also where the chains were others."""
    try:
        with np.load(path) as arrays:
            if {f"{f}.{i}.{j}.words" for f, i, j in _places()} != {name for name in arrays if name.endswith(".words")}:
                raise KeyError("other contexts than those of this program")
            weights = {name: {field: arrays[f"{name}.{field}.weights"] for field in CHAINS} for name in SCORERS}
            if any(len(weights[name][f]) != len(mixed(f, name == LIVE)) for name in SCORERS for f in CHAINS):
                raise KeyError("other chains than those of this program")
            tables: dict[str, list[list[Table]]] = {f: [[] for _ in chains] for f, chains in CHAINS.items()}
            for field, i, j in _places():
                key = f"{field}.{i}.{j}"
                tables[field][i].append(
                    Table(
                        np.cumsum(arrays[f"{key}.contexts"], dtype=np.uint32),
                        arrays[f"{key}.spread"].astype(np.int64),
                        arrays[f"{key}.words"],
                        arrays[f"{key}.counts"],
                    )
                )
            return Markov(tables, weights)
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise TrainingError(f"{path}: this is no Markov model of this program ({error}); fit it again.") from error


def _places() -> list[tuple[str, int, int]]:
    """Field, chain and context of every table."""
    counted = [
        (field, i, chain) for field, chains in CHAINS.items() for i, chain in enumerate(chains) if not chain.live
    ]
    return [(field, i, j) for field, i, chain in counted for j in range(len(chain.contexts))]
