"""A snapshot as a message: JSON, which can hold values and nothing that runs."""

from __future__ import annotations

import json
from dataclasses import asdict, fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, Final, Literal, Union, get_args, get_origin, get_type_hints

from bollylive.snapshot.format import Snapshot

MOST_BYTES: Final = 2**20  # a snapshot of sixteen channels has about 10 kB


def encode(snapshot: Snapshot | None) -> bytes:
    """Return the message; None is an engine that has not shown itself yet."""
    return json.dumps(None if snapshot is None else asdict(snapshot)).encode("ascii")


def decode(data: bytes) -> Snapshot | None:
    """Return the snapshot of a message; raises ValueError if it is not one of this version of the program."""
    try:
        snapshot: Snapshot | None = _value(Snapshot | None, json.loads(data))
    except (KeyError, RecursionError) as error:
        raise ValueError(f"not a snapshot: {error!r}") from error
    return snapshot


def _value(kind: Any, given: Any) -> Any:
    """Return a value of JSON as the type that it stands for; raises ValueError or KeyError if it does not fit."""
    origin = get_origin(kind)
    if is_dataclass(kind) and isinstance(kind, type) and isinstance(given, dict):
        kinds = get_type_hints(kind)
        return kind(**{field.name: _value(kinds[field.name], given[field.name]) for field in fields(kind)})
    if origin is tuple and isinstance(given, list):
        return tuple(_value(get_args(kind)[0], one) for one in given)
    if origin is Literal and given in get_args(kind):
        return given
    if origin in (Union, UnionType):
        if given is None and NoneType in get_args(kind):
            return None
        return _value(next(one for one in get_args(kind) if one is not NoneType), given)
    if kind is float and type(given) in (int, float):
        return float(given)
    if kind in (int, str, bool) and type(given) is kind:
        return given
    raise ValueError(f"not a value of {kind}")
