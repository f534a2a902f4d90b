"""Feeds the clock from everything that knows the beat: MIDI clock, a Link session, taps, and the musician's playing."""

from __future__ import annotations

from collections.abc import Callable

from bollylive.clock.anchor import Anchor, LinkBeat, PlayerBeat
from bollylive.clock.clock import Clock
from bollylive.clock.tap_tempo import TapTempo
from bollylive.midi.messages import Continue, Position, Start, Stop, Tempo, Tick

ClockMessage = Tick | Start | Continue | Stop | Position | Tempo


class ClockInput:
    """Reports every new anchor of `clock`. Not thread-safe; `now_s` must not go back.

    When the song stops or jumps it calls `release` with the second and the beat at which the model's notes end.
    """

    def __init__(self, clock: Clock, release: Callable[[float, float], None], report: Callable[[Anchor], None]) -> None:
        self._clock, self._release, self._report = clock, release, report
        self._taps = TapTempo()

    def handle(self, message: ClockMessage, now_s: float) -> None:
        """Handle a MIDI clock message or a new tempo."""
        epoch, beat = self._clock.anchor.epoch, self._clock.beat_at(now_s)
        changed = self._clock.handle(message, now_s)
        if isinstance(message, Stop) or self._clock.anchor.epoch != epoch:
            self._release(now_s, beat)
        if changed:
            self._report(self._clock.anchor)

    def follow_link(self, link: LinkBeat, now_s: float) -> None:
        """Handle the current beat of a Link session; call this about twenty times a second.

        The session may have been read before `now_s`, while something that came later was handled first.
        """
        if self._clock.follow_link(link.as_of(now_s)):
            if not self._clock.anchor.running:
                self._release(now_s, self._clock.beat_at(now_s))
            self._report(self._clock.anchor)

    def follow_player(self, beat: PlayerBeat, now_s: float) -> None:
        """Handle an estimate of the beat from the musician's playing."""
        if self._clock.follow_player(beat, now_s):
            self._report(self._clock.anchor)

    def tap(self, now_s: float) -> Tempo | None:
        """Handle a tap; return the tempo that it sets, if there have been enough taps."""
        tempo = self._taps.tap(now_s)
        if tempo is not None and self._clock.tap(tempo, now_s):
            self._report(self._clock.anchor)
        return tempo

    def lose_source(self, now_s: float) -> None:
        """Handle that the input which led the beat is gone."""
        if self._clock.lose_source(now_s):
            self._report(self._clock.anchor)

    def check(self, now_s: float) -> None:
        """Notice that a clock has stopped ticking; call it many times a second."""
        if self._clock.check(now_s):
            self._report(self._clock.anchor)
