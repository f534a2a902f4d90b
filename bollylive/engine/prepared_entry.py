"""The percussion's entry, prepared while the band rests, so that its first stroke falls with the musician's first note.

That note's pitch is unknown, but the percussion does not need it; the other parts choose after they have heard it.
"""

from __future__ import annotations

from bollylive.engine.band_notes import BandNotes
from bollylive.engine.grid import Bars
from bollylive.engine.model_query import ModelQuery, query_note
from bollylive.engine.part import Part
from bollylive.model import codec
from bollylive.sets.settings import ChannelSet


class PreparedEntry:
    """New percussion parts on a grid whose tick 0 is the coming downbeat. Owned by the engine."""

    def __init__(self, parts: list[Part]) -> None:
        """`parts` are new ones with empty buffers; only accompanying percussion among them is used."""
        chosen = [part for part in parts if part.instrument == codec.PERCUSSION and _enters_at_once(part.setting)]
        self._parts = {part.channel: part for part in chosen}
        self.band_notes = BandNotes()  # what these parts hear of the band
        for part in chosen:
            part.enter(0)

    @property
    def needs_query(self) -> bool:
        """Whether the model has yet to choose a stroke."""
        return bool(self._unready())

    def queries(self, model_bar_ticks: int) -> list[ModelQuery]:
        """A query for the first stroke of each part that has none yet, one row each; see `query_note`."""
        return [query_note(part, Bars(0, model_bar_ticks)) for part in self._unready()]

    def take(self, channel: int, tick: int) -> Part | None:
        """The part of a channel with its first stroke planned at a tick, if it is ready; now it is the engine's."""
        if channel not in self._parts or not self._parts[channel].plan:
            return None
        part = self._parts.pop(channel)
        part.history = part.history.branch(tick)
        part.plan = part.history.model_notes(tick, tick + 1)
        part.enter(tick)
        part.resume(tick)
        return part

    def _unready(self) -> list[Part]:
        return [part for part in self._parts.values() if not part.plan and part.prepare(0)]


def _enters_at_once(setting: ChannelSet) -> bool:
    return setting.role == "accompany" and not setting.entry_bars
