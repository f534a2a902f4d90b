"""What gives events to the io process, and what takes messages from it.

A new source (OSC, a web panel) is one module with a `Source` and one line in `processes.io_child`, where the sources of
a performance are made. A new sink is added in the same way, with a `Sink`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeAlias

from bollylive.clock.anchor import ClockGone, LinkBeat
from bollylive.midi.messages import Event, LostSourceRelease
from bollylive.sets.controls import Command

Input: TypeAlias = Event | LostSourceRelease | LinkBeat | ClockGone | Command


@dataclass(frozen=True, slots=True)
class TimedEvent:
    """Something that came in, with the second at which it happened."""

    event: Input
    at_s: float


class Source(Protocol):
    """Anything that gives events: MIDI ports, an Ableton Link session, the player of the demo."""

    def poll(self, now_s: float) -> list[TimedEvent]:
        """Return what has come since the last call, in order of time; no time may lie after the end of this call.

        Called on the loop's thread at every poll, up to a thousand times a second; must not block.
        """

    def check(self, now_s: float, *, calm: bool = True) -> list[str]:
        """Look after the source; return sentences for the musician about what happened to it, each only once.

        Called about fifty times a second. It may take more than a few microseconds only if `calm` is true, which means
        that nothing is due for some milliseconds.
        """

    def close(self) -> None:
        """Release what the source holds open; safe to call again."""


class Sink(Protocol):
    """Anything that takes messages: MIDI outputs."""

    def send_at(self, due_s: float, event: Event) -> None:
        """Send a message that is due at `due_s`, on the clock of `time.perf_counter`; it may be due already.

        A back-end with exact frame times adds one constant delay to every `due_s`; one without sends at once.
        Called on the loop's thread; must neither block nor raise.
        """


class Ports(Source, Sink, Protocol):
    """The MIDI ports of a performance, a source and a sink; see `PortSet`."""

    @property
    def output_name(self) -> str:
        """The names of the outputs, for people."""

    @property
    def listeners(self) -> int | None:
        """How many others listen to the outputs, at the last `check`; None if that cannot be seen."""

    @property
    def bad_bytes(self) -> int:
        """How many of the bytes and messages that came could not be understood."""

    @property
    def send_failures(self) -> int:
        """How many messages could not be sent."""

    def end_held(self) -> None:
        """Let the next `poll` end all that is held on the inputs, because its releases may have been lost."""
