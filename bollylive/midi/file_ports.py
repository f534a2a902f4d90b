"""Sixteen channels for the channels of all ports of a file.

Source: the meta events 0x21 (MIDI port) and 0x09 (device name) of Standard MIDI Files, the latter from RP-019.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Final, TypeAlias

from bollylive.midi.instruments import PERCUSSION_CHANNEL

Port: TypeAlias = tuple[int, bytes]  # (number, name of the device)
PortChannel: TypeAlias = tuple[Port, int]

_MOST_NAMED: Final = 16  # in one sentence


def assign_channels(played: Iterable[PortChannel], percussion: Collection[PortChannel]) -> dict[PortChannel, int]:
    """Return a channel of its own for each channel of each port that has notes; those for which none is left lack.

    Those of the first port keep their numbers; those of the others do where it is free. Channel 10 is percussion
    unless a file says otherwise: so nothing else moves to it, and a melody on it moves away where another is free.
    """
    order = sorted(set(played))
    first = order[0][0] if order else None
    settled = [own for own in order if own[1] != PERCUSSION_CHANNEL or own in percussion]
    channels = {own: own[1] for own in settled if own[0] == first}
    for own in settled:
        if own not in channels and own[1] not in channels.values():
            channels[own] = own[1]
    free = iter(sorted(set(range(16)) - {PERCUSSION_CHANNEL} - set(channels.values())))
    for own in order:
        if own not in channels and (channel := next(free, None)) is not None:
            channels[own] = channel
    for own in order:
        if own not in channels and own[1] == PERCUSSION_CHANNEL not in channels.values():
            channels[own] = PERCUSSION_CHANNEL
    return channels


def describe_moves(
    played: Iterable[PortChannel], percussion: Collection[PortChannel], channels: dict[PortChannel, int]
) -> Iterator[str]:
    """Yield sentences about the channels that have another number now, or none, and about melodies on channel 10."""
    order = sorted(set(played))
    numbers = {port: number for number, port in enumerate(dict.fromkeys(port for port, _ in order), start=1)}
    for own in order:
        if own[1] == PERCUSSION_CHANNEL and own not in percussion and own in channels:
            now = channels[own] + 1
            where = "all others are taken, so it counts as percussion" if now == own[1] + 1 else f"it is channel {now}"
            yield f"channel {own[1] + 1} is a melody in this file: here {where}."
    moved = [own for own in order if channels.get(own) != own[1]]
    if not moved or len(numbers) == 1:
        return
    texts = [
        f"channel {own[1] + 1} of port {numbers[own[0]]} "
        + (f"is channel {channels[own] + 1}" if own in channels else "is left out")
        for own in moved[:_MOST_NAMED]
    ]
    if len(moved) > _MOST_NAMED:
        texts.append(f"and {len(moved) - _MOST_NAMED} more")
    yield f"its {len(numbers)} ports share 16 channels here: {', '.join(texts)}."
