"""How the model takes over a channel: as the channel says, or else the set, and as its role allows."""

from __future__ import annotations

from bollylive.sets.settings import ChannelSet, Handover


def channel_handover(own: ChannelSet, handover: Handover) -> Handover:
    """Return how the model takes over a channel of a set with this `handover`. Pure; for any thread.

    A part that answers phrases begins its answer at a bar line; an accompanying part waits for no command.
    """
    chosen = own.handover or handover
    if own.role == "accompany" and chosen == "command":
        return "silence"
    if own.role == "respond" and chosen == "silence" and own.handover is None:
        return "bar"
    return chosen
