"""Sixteen channels for the channels of all ports of a file.

Source: the meta events 0x21 (MIDI port) and 0x09 (device name) of Standard MIDI Files, the latter from RP-019.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, TypeAlias

from bollylive.midi.instruments import PERCUSSION_CHANNEL

Port: TypeAlias = tuple[int, bytes]  # (number, name of the device)
PortChannel: TypeAlias = tuple[Port, int]

_MOST_NAMED: Final = 16  # in one sentence


def assign_channels(played: Iterable[PortChannel]) -> dict[PortChannel, int]:
    """Return a channel of its own for each channel of each port that has notes; those for which none is left lack.

    Those of the first port keep their numbers; those of the others do where it is free. Nothing else moves to
    channel 10, which is percussion.
    """
    order = sorted(set(played))
    first = order[0][0] if order else None
    channels = {own: own[1] for own in order if own[0] == first}
    for own in order:
        if own not in channels and own[1] not in channels.values():
            channels[own] = own[1]
    free = iter(sorted(set(range(16)) - {PERCUSSION_CHANNEL} - set(channels.values())))
    for own in order:
        if own not in channels and (channel := next(free, None)) is not None:
            channels[own] = channel
    return channels


def describe_moves(played: Iterable[PortChannel], channels: dict[PortChannel, int]) -> str | None:
    """Return a sentence about the channels that have another number now, or none; None if all kept theirs."""
    order = sorted(set(played))
    numbers = {port: number for number, port in enumerate(dict.fromkeys(port for port, _ in order), start=1)}
    moved = [own for own in order if channels.get(own) != own[1]]
    if not moved:
        return None
    texts = [
        f"channel {own[1] + 1} of port {numbers[own[0]]} "
        + (f"is channel {channels[own] + 1}" if own in channels else "is left out")
        for own in moved[:_MOST_NAMED]
    ]
    if len(moved) > _MOST_NAMED:
        texts.append(f"and {len(moved) - _MOST_NAMED} more")
    return f"its {len(numbers)} ports share 16 channels here: {', '.join(texts)}."
