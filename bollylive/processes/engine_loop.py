"""The process that thinks: it holds the model and the engine, and no port.

It may be killed at any moment; the port process ends its notes and starts another.
"""

from __future__ import annotations

import contextlib
import logging
import math
import os
import signal
import time
from multiprocessing.connection import Connection

from bollylive.clock.anchor import Anchor
from bollylive.engine.engine import Engine
from bollylive.errors import BollyLiveError
from bollylive.journal.folder import running_folder
from bollylive.model.model_files import find_model, read_copy
from bollylive.model.onnx_model import Model
from bollylive.processes.engine_recovery import EngineRecovery
from bollylive.processes.inbox import Inbox
from bollylive.processes.pipe import Bell, Pipe
from bollylive.processes.spawn import inherited
from bollylive.processes.supervisor_link import HEARTBEAT_S
from bollylive.protocol import EngineStatus, Heard, Heartbeat, Problem, Ready, Release, Restoring
from bollylive.sets.band import Set
from bollylive.snapshot.format import Vitals
from bollylive.snapshot.server import SnapshotServer

_log = logging.getLogger(__name__)
_LONGEST_WAIT_S = HEARTBEAT_S
_RECOVERY_S = 0.25
_NICENESS = 5  # who thinks ahead makes room for those who must be in time: the ports, and the DAW
_CHANNELS = range(16)


def serve(connection: Connection) -> None:
    """Receive set, seed, the journal's path, a memoir and a model; load that, and play until the pipe is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # on Windows it goes to all; the port process decides when it is over
    with contextlib.suppress(AttributeError, OSError):
        os.nice(_NICENESS)
    logging.basicConfig(format="bollylive engine: %(message)s")
    band, seed, journal, replay_request, copy = connection.recv()
    pipe = Pipe(connection)
    try:
        model = Model(find_model(band.model) if copy is None else read_copy(copy))
        model.warm_up()
    except BollyLiveError as error:
        pipe.put([Problem(str(error), fatal=True)])
        pipe.flush()
        return
    engine_recovery = EngineRecovery(model, seed, journal)
    engine, trouble = engine_recovery.begin(band, replay_request)
    if trouble is not None:
        pipe.put([Problem(trouble)])
    bell = Bell()
    server = _be_seen(bell)
    pipe.put([Ready(model.name, engine.buffer_notes)])
    pipe.flush()
    inbox = Inbox()
    told = EngineStatus()
    beat_s = -math.inf
    while not pipe.closed:
        if (now_s := time.perf_counter()) >= beat_s:
            beat_s = now_s + HEARTBEAT_S
            pipe.put([Heartbeat()])
            pipe.flush()
        try:
            _turn(engine, pipe, bell, server, inbox)
        except Exception:  # noqa: BLE001  # on stage nothing is fatal: another one steps in
            stumbled_s = time.perf_counter()
            _log.exception("the engine stumbled")
            pipe.put([*(Release(channel) for channel in _CHANNELS), Restoring()])
            pipe.flush()
            time.sleep(_RECOVERY_S)  # the journal catches up, and what stumbles at once again must not fill the log
            band = inbox.band or engine.band  # what stumbled over a word may have taken in half of it
            pipe.put(Problem(sentence) for sentence in filter(None, [inbox.leave_out()]))
            engine, trouble = engine_recovery.step_in(band, inbox.anchor, stumbled_s, inbox.until_s(stumbled_s))
            pipe.put([Problem(trouble)])
            pipe.flush()
        if engine.status != told:
            told = engine.status
            pipe.put([told])
            pipe.flush()
    server.close()


def _be_seen(bell: Bell) -> SnapshotServer:
    """Show the band to whoever wants to watch it; one that cannot be watched plays all the same."""
    server = SnapshotServer(running_folder(), bell.ring)
    try:
        server.start()
    except OSError as error:
        _log.warning("nobody can watch this band: %s", error)
    return server


def _turn(engine: Engine, pipe: Pipe, bell: Bell, server: SnapshotServer, inbox: Inbox) -> None:
    """One turn: wait for words or for what is due, and do it; if that raises, what is not done stays in the inbox."""
    now_s = time.perf_counter()
    due_s = engine.next_due(now_s)
    wait_s = _LONGEST_WAIT_S if due_s is None else min(due_s - now_s, _LONGEST_WAIT_S)
    if wait_s > 0 and not inbox:
        pipe.wait(wait_s, bell)
        bell.quieten()
    inbox.put(pipe.receive())
    for word in inbox.take(engine):
        if isinstance(word, Set):
            pipe.put(engine.use(word, time.perf_counter()))
        elif isinstance(word, Heard | Anchor):
            pipe.put(engine.handle(word))
        elif isinstance(word, Vitals):
            server.vitals = word
    pipe.flush()
    pipe.put(engine.tick(time.perf_counter()))
    pipe.flush()
    if server.is_wanted():
        _show(engine, server)


def _show(engine: Engine, server: SnapshotServer) -> None:
    try:
        server.publish(engine.snapshot(time.perf_counter()))
    except Exception:  # noqa: BLE001  # who watches must not disturb who plays
        _log.exception("the band cannot be shown, and plays on unseen")
        server.close()


if __name__ == "__main__":
    serve(inherited())
