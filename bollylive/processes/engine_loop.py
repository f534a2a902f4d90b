"""The engine process: it holds the model and all musical state, and no port.

It may be killed at any moment; the io process ends its notes and starts another.
"""

from __future__ import annotations

import contextlib
import logging
import math
import os
from multiprocessing.connection import Connection
from typing import Final

from bollylive.clock.anchor import Anchor
from bollylive.engine.engine import Engine
from bollylive.errors import BollyLiveError
from bollylive.journal.folder import running_folder
from bollylive.model.model_files import find_model, read_copy
from bollylive.model.onnx_model import Model
from bollylive.plain_text import log_plainly
from bollylive.processes.engine_recovery import EngineRecovery
from bollylive.processes.inbox import Inbox
from bollylive.processes.pipe import Bell, Pipe
from bollylive.processes.spawn import inherited
from bollylive.processes.supervisor_link import HEARTBEAT_S
from bollylive.processes.terminal_signals import leave_to_supervisor
from bollylive.processes.timer import Timer
from bollylive.protocol import EngineStartUp, EngineStatus, Heard, Heartbeat, Problem, Ready, Release, Restoring
from bollylive.sets.settings import Set
from bollylive.snapshot.format import Vitals
from bollylive.snapshot.server import SnapshotServer

_log = logging.getLogger(__name__)
_LONGEST_WAIT_S: Final = HEARTBEAT_S
_RECOVERY_S: Final = 0.25
_NICENESS: Final = 5  # planning gives way to what must be on time: the io process and the DAW
_CHANNELS: Final = range(16)


class EngineLoop:
    """Runs one engine after another at the end of a pipe. One thread.

    `bell` ends a wait when somebody wants to watch the band; `server` answers them.
    """

    def __init__(
        self,
        engine: Engine,
        recovery: EngineRecovery,
        pipe: Pipe,
        bell: Bell,
        server: SnapshotServer,
        timer: Timer = Timer(),  # noqa: B008 - frozen
    ) -> None:
        self.engine = engine
        self._recovery, self._pipe, self._bell, self._server, self._timer = recovery, pipe, bell, server, timer
        self._inbox = Inbox()
        self._reported: EngineStatus | None = None
        self._heartbeat_s = -math.inf

    def run(self) -> None:
        """Play until the pipe is closed."""
        while not self._pipe.closed:
            self.turn()

    def turn(self) -> None:
        """Wait until messages come or something is due, and handle it; an engine that fails over it is replaced."""
        now_s = self._timer.now_s()
        self._show_life(now_s)
        try:
            self._play(now_s)
        except Exception:  # noqa: BLE001 - on stage nothing is fatal: another engine takes over
            _log.exception("the engine failed")
            self._recover(self._timer.now_s())
        if self.engine.status != self._reported:
            self._reported = self.engine.status
            self._pipe.put([self._reported])
            self._pipe.flush()

    def _play(self, now_s: float) -> None:
        """Let the engine handle the messages. If this raises, messages that were not handled stay in the inbox."""
        due_s = self.engine.next_due(now_s)
        wait_s = _LONGEST_WAIT_S if due_s is None else min(due_s - now_s, _LONGEST_WAIT_S)
        if wait_s > 0 and not self._inbox:
            self._pipe.wait(wait_s, self._bell)
            self._bell.quieten()
        self._inbox.put(self._pipe.receive())
        for message in self._inbox.take(self.engine):
            if isinstance(message, Set):
                self._pipe.put(self.engine.use(message, self._timer.now_s()))
            elif isinstance(message, Heard | Anchor):
                self._pipe.put(self.engine.handle(message))
            elif isinstance(message, Vitals):
                self._server.vitals = message
            self._show_life(self._timer.now_s())  # a long backlog takes seconds on a busy machine
        self._pipe.flush()
        self._pipe.put(self.engine.tick(self._timer.now_s()))
        self._pipe.flush()
        if self._server.is_wanted():
            self._show()

    def _show_life(self, now_s: float) -> None:
        """Send a heartbeat if one is due: an engine that gets on with its work does not hang, however much there is."""
        if now_s >= self._heartbeat_s:
            self._heartbeat_s = now_s + HEARTBEAT_S
            self._pipe.put([Heartbeat()])
            self._pipe.flush()

    def _recover(self, failed_s: float) -> None:
        self._pipe.put([*(Release(channel) for channel in _CHANNELS), Restoring()])
        self._pipe.flush()
        # Meanwhile the journal catches up, and an engine that fails again at once does not fill the log.
        self._timer.sleep(_RECOVERY_S)
        band = self._inbox.band or self.engine.band  # the engine may have taken in half of a message
        if (problem := self._inbox.leave_out()) is not None:
            self._pipe.put([Problem(problem)])
        until_s = self._inbox.until_s(failed_s)
        self.engine, problem = self._recovery.take_over(band, self._inbox.anchor, failed_s, until_s)
        self._pipe.put([Problem(problem)])
        self._pipe.flush()

    def _show(self) -> None:
        try:
            self._server.publish(self.engine.snapshot(self._timer.now_s()))
        except Exception:  # noqa: BLE001 - watching must not disturb playing
            _log.exception("the band cannot be shown, and plays on unseen")
            self._server.close()


def serve(connection: Connection) -> None:
    """Receive an `EngineStartUp`, load the model, and play until the pipe is closed."""
    leave_to_supervisor()
    with contextlib.suppress(AttributeError, OSError):
        os.nice(_NICENESS)
    log_plainly("bollylive engine")
    start_up: EngineStartUp
    (start_up,) = connection.recv()
    pipe = Pipe(connection)
    try:
        model = Model(find_model(start_up.band.model) if start_up.model is None else read_copy(start_up.model))
        model.warm_up()
    except BollyLiveError as error:
        pipe.put([Problem(str(error), fatal=True)])
        pipe.flush()
        return
    recovery = EngineRecovery(model, start_up.seed, start_up.journal)
    engine, problem = recovery.begin(start_up.band, start_up.replay)
    if problem is not None:
        pipe.put([Problem(problem)])
    bell = Bell()
    server = _start_server(bell)
    pipe.put([Ready(model.name, engine.buffer_notes)])
    pipe.flush()
    EngineLoop(engine, recovery, pipe, bell, server).run()
    server.close()


def _start_server(bell: Bell) -> SnapshotServer:
    """Let other programs watch the band; if that is impossible, the band plays all the same."""
    server = SnapshotServer(running_folder(), bell.ring)
    try:
        server.start()
    except OSError as error:
        _log.warning("nobody can watch this band: %s", error)
    except Exception:  # noqa: BLE001 - watching must not disturb playing
        _log.exception("nobody can watch this band")
    return server


if __name__ == "__main__":
    serve(inherited())
