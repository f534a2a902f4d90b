"""Who steps in for an engine that is gone or has stumbled: another one, which finds its buffers in the journal."""

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
from bollylive.sets.band import Set

AILING_S: Final = 5.0  # what stumbles again sooner than this may do so over what it remembers

_FORGOTTEN: Final = "The journal cannot be read; the band begins anew with empty buffers, and with your next note."
_log = logging.getLogger(__name__)


class EngineRecovery:
    """Makes the engines of one process. One thread; reading the journal blocks as long as the disk does."""

    def __init__(self, predictor: Predictor, seed: int, journal: str | None) -> None:
        self._predictor, self._seed, self._journal = predictor, seed, journal
        self._stumbled_s = -math.inf

    def begin(self, band: Set, replay_request: ReplayRequest | None) -> tuple[Engine, str | None]:
        """An engine that goes on by a memoir, if there is one; and what the musician has to know."""
        engine = Engine(band, self._predictor, self._seed)
        if replay_request is None:
            return engine, None
        try:
            words = read_end(read_last(Path(replay_request.journal)))
            past = restore(words, replay_request.until_s, engine.buffer_notes, keys_held=replay_request.keys_held)
            if past.anchor is None:
                return engine, _FORGOTTEN
            engine.resume(past, replay_request.until_s)
        except Exception:  # noqa: BLE001  # a journal may hold anything; the band can begin without
            _log.exception("the journal %s could not be gone on with", replay_request.journal)
            return Engine(band, self._predictor, self._seed), _FORGOTTEN
        return engine, None

    def step_in(self, band: Set, anchor: Anchor | None, at_s: float, until_s: float) -> tuple[Engine, str]:
        """An engine for this set in place of one that stumbled at `at_s`, and what the musician has to know.

        It knows what the journal holds up to `until_s`, from when on it is told itself. Where that ends before
        `anchor`, the last one heard, the beat is that's.
        """
        ailing = at_s - self._stumbled_s < AILING_S
        self._stumbled_s = at_s
        replay_request = (
            None if ailing or self._journal is None else ReplayRequest(self._journal, until_s, keys_held=True)
        )
        engine, trouble = self.begin(band, replay_request)
        if anchor is not None and (replay_request is None or trouble is not None or anchor.at_s > engine.anchor.at_s):
            engine.handle(anchor)
        if replay_request is None:
            trouble = "The engine stumbled; another one begins with empty buffers, and with your next note."
        return engine, trouble or "The engine stumbled; another one goes on with what was played."
