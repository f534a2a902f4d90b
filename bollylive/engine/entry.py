"""The percussion's first stroke, chosen while the band sleeps, so that it falls with the musician's first note.

Nobody can foresee that note's pitch, but the percussion needs none; the others choose when they have heard it.
"""

from __future__ import annotations

from bollylive.engine.band_notes import BandNotes
from bollylive.engine.model_query import ModelQuery, ask_to_choose
from bollylive.engine.part import Part
from bollylive.model import codec
from bollylive.sets.band import ChannelSet


class PreparedEntry:
    """Fresh percussion parts on a grid whose tick 0 is the downbeat to come. Owned by the engine."""

    def __init__(self, parts: list[Part]) -> None:
        """`parts` are new ones with empty buffers; only accompanying percussion among them is used."""
        chosen = [part for part in parts if part.instrument == codec.PERCUSSION and _comes_in_at_once(part.setting)]
        self._parts = {part.channel: part for part in chosen}
        self.silence = BandNotes()  # what these parts hear of the band
        for part in chosen:
            part.come_in(0)

    @property
    def waits(self) -> bool:
        """Whether the model has yet to be asked for a stroke."""
        return bool(self._unready())

    def asks(self, cycle: int) -> list[ModelQuery]:
        """What the model has yet to be asked, one row of each part; empty once all are ready."""
        return [ask_to_choose(part, cycle) for part in self._unready()]

    def take(self, channel: int) -> Part | None:
        """The part of a channel with its first stroke planned, if it is ready; it then is the engine's."""
        part = self._parts.get(channel)
        return self._parts.pop(channel) if part is not None and part.plan else None

    def _unready(self) -> list[Part]:
        return [part for part in self._parts.values() if not part.plan and part.prepare(0)]


def _comes_in_at_once(setting: ChannelSet) -> bool:
    return setting.role == "accompany" and not setting.entry_bars
