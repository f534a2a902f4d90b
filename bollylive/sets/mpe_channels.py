"""What an MPE zone does to the instruments of a set: those on its member channels are silent."""

from __future__ import annotations

from bollylive.sets.settings import ChannelSet, Set


def describe_silent_channels(band: Set) -> str | None:
    """Return a sentence about the set's channels inside a zone; None if there are none. Pure; for any thread."""
    inside = [own for own in band.channels if own.role != "off" and band.player_of(own.channel) != own.channel]
    if not inside:
        return None
    masters = " and ".join(str(master + 1) for master in sorted({band.player_of(own.channel) for own in inside}))
    return (
        f"The MPE zone of channel {masters} leaves nobody to play these channels of the set: "
        f"{', '.join(map(_name, inside))}; give them other channels, or make the zone smaller."
    )


def _name(own: ChannelSet) -> str:
    return f"{own.channel + 1} ({own.name})" if own.name else str(own.channel + 1)
