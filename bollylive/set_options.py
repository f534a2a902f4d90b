"""The set and the seed that a command's options select."""

from __future__ import annotations

import argparse
import secrets
from dataclasses import replace
from typing import Any

from bollylive.model.model_files import find_model
from bollylive.sets.setfile import default_set, load_set
from bollylive.sets.settings import Set

_OPTION_OF_FIELD = {
    "tempo_bpm": "tempo",
    "model": "model",
    "buffer_notes": "buffer",
    "in_port": "in_port",
    "out_port": "out_port",
    "link": "link",
}


def chosen_set(options: argparse.Namespace) -> Set:
    """Return the set of `--set`, or the default one, changed by the other options. Raises SetError. Blocks."""
    band = load_set(options.set) if options.set else default_set()
    given = {field: getattr(options, option, None) for field, option in _OPTION_OF_FIELD.items()}
    changes: dict[str, Any] = {
        field: tuple(value) if isinstance(value, list) else value for field, value in given.items() if value is not None
    }
    return replace(band, **changes)


def chosen_band(options: argparse.Namespace) -> Set:
    """Return `chosen_set` for a command that plays. Raises SetError, and ModelError if there is no such model. Blocks.

    So nobody waits for ports, or for a long file to be read, only to hear that the model's name is wrong.
    """
    band = chosen_set(options)
    find_model(band.model)
    return band


def chosen_seed(options: argparse.Namespace, band: Set) -> int:
    """Return the seed of `--seed`, else that of the set, else a random one."""
    if options.seed is not None:
        return int(options.seed)
    return secrets.randbits(32) if band.seed is None else band.seed
