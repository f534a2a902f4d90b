"""The sources beside the ports: the player of the demo, and a Link session."""

from __future__ import annotations

from bollylive.clock.anchor import LinkBeat
from bollylive.clock.link import LinkSession
from bollylive.io.link_source import LinkSource
from bollylive.io.scripted_source import ScriptedSource
from bollylive.io.sources_and_sinks import TimedEvent
from bollylive.midi.messages import NoteOff, NoteOn

ON, OFF = NoteOn(0, 60, 90), NoteOff(0, 60)


def test_a_script_waits_until_it_begins_and_gives_each_event_once_with_its_own_time() -> None:
    script = ScriptedSource([(0.5, ON), (0.75, OFF), (2.0, ON)])
    assert script.poll(100.0) == []
    script.begin(200.0)
    assert script.poll(200.4) == []
    assert script.poll(201.0) == [TimedEvent(ON, 200.5), TimedEvent(OFF, 200.75)]
    assert script.poll(201.0) == []
    assert script.poll(202.0) == [TimedEvent(ON, 202.0)]
    assert script.poll(300.0) == []


class FakeSession(LinkSession):
    """A session that is asked every other time, and whose network fails once."""

    def __init__(self) -> None:
        self.problem: str | None = "The network is gone."
        self.beats = [None, LinkBeat(4.0, 120.0, 7.25, 1)]
        self.closed = False

    def poll(self, now_s: float) -> LinkBeat | None:  # noqa: ARG002 - as `LinkSession` has it
        return self.beats.pop(0)

    def take_problem(self) -> str | None:
        problem, self.problem = self.problem, None
        return problem

    def close(self) -> None:
        self.closed = True


def test_a_link_session_gives_its_beat_at_the_moment_for_which_it_holds() -> None:
    source = LinkSource(session := FakeSession())
    assert source.poll(7.0) == []
    assert source.poll(7.2) == [TimedEvent(LinkBeat(4.0, 120.0, 7.25, 1), 7.25)]
    assert source.check(7.3) == ["The network is gone."]
    assert source.check(7.4) == []
    source.close()
    assert session.closed
