"""Makes an engine that takes over from one that failed or died; its buffers are read from the journal."""

from __future__ import annotations

import logging
import math
from pathlib import Path
from typing import Final

from bollylive.clock.anchor import Anchor
from bollylive.engine.engine import Engine
from bollylive.journal.folder import read_last
from bollylive.journal.reader import read_end
from bollylive.journal.restore import restore
from bollylive.model.predictor import Predictor
from bollylive.protocol import ReplayRequest
from bollylive.sets.settings import Set

FAILS_AGAIN_S: Final = 5.0  # an engine that fails again sooner may fail because of what it remembers

_FORGOTTEN: Final = "The journal cannot be read; the band starts again with empty buffers, at your next note."
_log = logging.getLogger(__name__)


class EngineRecovery:
    """Makes the engines of one process. One thread; reading the journal blocks as long as the disk does."""

    def __init__(self, predictor: Predictor, seed: int, journal: str | None) -> None:
        self._predictor, self._seed, self._journal = predictor, seed, journal
        self._failed_s = -math.inf

    def begin(self, band: Set, replay: ReplayRequest | None) -> tuple[Engine, str | None]:
        """Return an engine, with its buffers read from the journal if asked for; and a sentence if that failed."""
        engine = Engine(band, self._predictor, self._seed)
        if replay is None:
            return engine, None
        try:
            messages = read_end(read_last(Path(replay.journal)))
            past = restore(messages, replay.until_s, engine.buffer_notes, keys_held=replay.keys_held)
            if past.anchor is None:
                return engine, _FORGOTTEN
            engine.resume(past, replay.until_s)
        except Exception:  # noqa: BLE001 - a journal may hold anything; the band can begin without
            _log.exception("the journal %s cannot be replayed", replay.journal)
            return Engine(band, self._predictor, self._seed), _FORGOTTEN
        return engine, None

    def take_over(self, band: Set, anchor: Anchor | None, failed_s: float, until_s: float) -> tuple[Engine, str]:
        """Return an engine in place of one that failed at `failed_s`, and a sentence for the musician.

        It knows what the journal holds up to `until_s`; from then on messages reach it directly. `anchor` is the last
        one that came; it is used if the journal ends before it.
        """
        fails_again = failed_s - self._failed_s < FAILS_AGAIN_S
        self._failed_s = failed_s
        replay = None if fails_again or self._journal is None else ReplayRequest(self._journal, until_s, keys_held=True)
        engine, problem = self.begin(band, replay)
        if anchor is not None and (replay is None or problem is not None or anchor.at_s > engine.anchor.at_s):
            engine.handle(anchor)
        if replay is None:
            problem = "The engine failed; another one begins with empty buffers, and with your next note."
        return engine, problem or "The engine failed; another one goes on with what was played."
