"""What the io process does with each message; the order of its lines is the data flow.

event of a source   → feedback filter → rate limit → controls → controllers → thru → note map → report to the engine
message of the engine → note map → scheduler → sent when due

Clock messages go to `clock_input`. To send another kind of message (MIDI clock out, say), begin at `tick`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from bollylive.clock.anchor import Anchor, ClockGone, LinkBeat, PlayerBeat
from bollylive.clock.clock import Clock
from bollylive.io.clock_input import ClockInput, ClockMessage
from bollylive.io.controller_state import ControllerState, Meaning, Music
from bollylive.io.feedback_filter import FeedbackFilter
from bollylive.io.note_scheduler import Scheduler
from bollylive.io.outputs import Outputs, Send
from bollylive.io.rate_limit import RateLimit
from bollylive.io.sources_and_sinks import Input
from bollylive.io.thru import Thru
from bollylive.midi.messages import Event, LostSourceRelease, Note, Player, Program
from bollylive.protocol import FromEngine, Heard, InheritedState, Play, Release, Sent
from bollylive.sets.controls import Command, Controls, change_set
from bollylive.sets.live_set import LiveSet
from bollylive.sets.note_map import NoteMap
from bollylive.sets.settings import Set


class Router:
    """Passes the musician's notes through, feeds the clock, and plays what the engine has planned.

    `send` gets the messages that leave at one moment, `report` what the engine must know, and `withhold` what the
    musician plays on a channel that does not pass through; all are called from within the methods, on the caller's
    thread, and must neither block nor raise. `live.band` is the set, which `use` replaces. `dropped_stale` counts
    planned notes of an earlier epoch, and notes that were under way when the song stopped or the model lost the
    channel. `asked` is the musician's newest command, the last of so many `commands`. Not thread-safe; `now_s` must not
    go back between calls.
    """

    def __init__(
        self,
        clock: Clock,
        scheduler: Scheduler,
        send: Send,
        report: Callable[[Heard | Anchor], None],
        live: LiveSet,
        withhold: Callable[[Sent], None] = lambda _: None,
    ) -> None:
        self.rate_limit, self.feedback_filter = RateLimit(), FeedbackFilter()
        self.dropped_stale = self.commands = 0
        self.asked: Command | None = None
        self._clock, self._scheduler, self._live = clock, scheduler, live
        self._outputs = Outputs(send, self.feedback_filter)
        self._report, self._withhold = report, withhold
        self._clock_input = ClockInput(clock, self._release_model, report)
        self._controllers = ControllerState()
        self._model_channels = live.band.model_channels
        self._derive(Controls(live.band))

    def take(self, event: Input, now_s: float) -> None:
        """Handle anything that a source gives."""
        match event:
            case LostSourceRelease():
                self.let_go(event, now_s)
            case LinkBeat():
                self._clock_input.follow_link(event, now_s)
            case ClockGone():
                self._clock_input.lose_source(now_s)
            case Command():
                self._command(event, now_s, self._clock.beat_at(now_s))
            case _:
                self.handle(event, now_s)

    def handle(self, event: Event, now_s: float) -> None:
        """Handle an event of the musician or their DAW at once; a command is not passed on and is not music."""
        if isinstance(event, ClockMessage):
            if self.rate_limit.admits(event, now_s):
                self._clock_input.handle(event, now_s)
            return
        if self._outputs.unsettled:
            self._outputs.settle()
        if not self.feedback_filter.returns(event, now_s) and self.rate_limit.admits(event, now_s):
            self._handle(event, now_s)

    def _handle(self, event: Event, now_s: float) -> None:
        beat = self._clock.beat_at(now_s)
        if command := self._controls.read(event):
            if isinstance(command, Command):
                self._command(command, now_s, beat)
            return
        self._play(self._controllers.read(event, now_s), now_s, beat)

    def _play(self, events: Iterable[tuple[Event, Meaning]], now_s: float, beat: float) -> None:
        """Pass events through, and report to the engine what they mean to the band, if anything."""
        for event, meaning in events:
            self._outputs.send([Sent(message, by, now_s, beat) for message, by in self.thru.read(event)])
            if isinstance(event, Music):
                self._outputs.channels.add(event.channel)
            if isinstance(meaning, Command):
                self._command(meaning, now_s, beat)
            elif meaning is not None:
                if meaning.channel in self.thru.withheld:
                    self._withhold(Sent(meaning, "musician", now_s, beat))
                heard = self._note_map.hear(meaning) if meaning.channel in self._note_map.mapped else meaning
                self._report(Heard(heard, now_s, beat))

    def _command(self, command: Command, now_s: float, beat: float) -> None:
        self.asked, self.commands = command, self.commands + 1
        if command.changes_set:
            self._live.band = change_set(self._live.band, command)
            self._release_unheard(now_s)
        if command.does != "tap":
            self._report(Heard(command, now_s, beat))
        elif tempo := self._clock_input.tap(now_s):
            self._report(Heard(tempo, now_s, beat))

    def let_go(self, ending: LostSourceRelease, now_s: float) -> None:
        """Handle the release of what a lost source held: it is no command, because nobody pressed anything."""
        if self._controls.claims(ending.event):
            self._controls.forget(ending.event)
        else:
            self._play(self._controllers.read(ending.event, now_s), now_s, self._clock.beat_at(now_s))

    def obey(self, instruction: FromEngine, now_s: float) -> Note | None:
        """Handle any message from the engine; whatever is due is sent at the next `tick`.

        Returns the planned note as it will be sent; None if the message plans none.
        """
        match instruction:
            case Play(note, epoch) if self._is_wanted(note, epoch):
                beat_s = self._clock.anchor.seconds_per_beat
                planned = self._note_map.play(note, beat_s)
                self._scheduler.plan(planned, self._note_map.early_beats(note.channel, beat_s))
                return planned
            case Play():
                self.dropped_stale += 1
            case Release(channel, within_beats) if within_beats > 0 and self._clock.anchor.running:
                self._scheduler.fade(channel, self._clock.beat_at(now_s) + within_beats)
            case Release(channel):
                self._send_all(self._scheduler.release(channel, "model"), now_s)
            case PlayerBeat():
                self._clock_input.follow_player(instruction, now_s)
        return None

    def tick(self, now_s: float) -> None:
        """Send what is due; call it at `next_due` and, so that a lost clock is noticed, many times a second."""
        self._outputs.settle()
        self.feedback_filter.settle(now_s)
        for phantom in self.feedback_filter.take_phantoms():
            self._play(self._controllers.read(phantom, now_s), now_s, self._clock.beat_at(now_s))
        for event in self.rate_limit.take_waiting(now_s):
            self._handle(event, now_s)
        self.end_left(now_s)
        self._clock_input.check(now_s)
        anchor = self._clock.anchor
        if not anchor.running:
            return
        beat = anchor.beat_at(now_s)
        self._outputs.send(
            [
                Sent(event, by, now_s, due_beat, (beat - due_beat) * anchor.seconds_per_beat)
                for event, by, due_beat in self._scheduler.due(beat, anchor.seconds_per_beat)
            ]
        )

    def next_due(self) -> float | None:
        """When `tick` has something to send, perhaps in the past; None if nothing is planned or time stands still."""
        beat = self._scheduler.next_beat()
        if beat is None or not self._clock.anchor.running:
            return None
        return self._clock.seconds_at(beat)

    def program(self, channel: int, program: int, now_s: float) -> None:
        """Send the General MIDI program (0-127) of an instrument, as at start-up."""
        self._send_all([(Program(channel, program), "model")], now_s)

    def use(self, band: Set, now_s: float) -> None:
        """Replace the set. If a player is no longer to be heard on a channel, the player's notes there end.

        A key or controller that has become a command is released too.
        """
        passed = self.thru.channels
        controls = Controls(band, self._controls)
        claimed = (*self._controllers.drop(controls.claims), *filter(controls.claims, self._scheduler.keys_down()))
        for event in claimed:
            self._play([(event, self._controllers.meaning(event, now_s))], now_s, self._clock.beat_at(now_s))
        self._live.band = band
        self._derive(controls)
        closed = sorted(passed - self.thru.channels)
        self._send_all([(event, "musician") for event in self._controllers.held_on(closed)], now_s)
        for channel in closed:
            self._send_all(self._scheduler.release(channel, "musician"), now_s)
        self._release_unheard(now_s)

    def _release_unheard(self, now_s: float) -> None:
        """End the model's notes on channels on which it may no longer be heard."""
        before, self._model_channels = self._model_channels, self._live.band.model_channels
        for channel in before - self._model_channels:
            self._send_all(self._scheduler.release(channel, "model"), now_s)

    def _derive(self, controls: Controls) -> None:
        """Build everything that follows from the set."""
        band = self._live.band
        self.thru = Thru(self._scheduler, band)
        self._controls, self._note_map = controls, NoteMap(band)

    def inherit(self, left: InheritedState, now_s: float) -> None:
        """End what an earlier process left sounding, now and again a few times later."""
        self._outputs.inherit(left, now_s)
        self._controllers.recall(event for event, _ in left.releases)
        self.end_left(now_s)

    def listen(self, listeners: int | None, now_s: float) -> None:
        """Note how many programs listen to the outputs, None if unknown; a new one gets the ends that it missed."""
        self._outputs.listen(listeners, now_s, self._clock.beat_at(now_s))

    def end_left(self, now_s: float) -> bool:
        """If it is time, send the ends of what was left once more; return whether somebody has yet to receive them."""
        return self._outputs.end_left(now_s, self._clock.beat_at(now_s))

    def silence(self, now_s: float) -> None:
        """End every sounding note and forget every planned one."""
        self._send_all(self._scheduler.release(), now_s)

    def close(self, now_s: float) -> None:
        """Leave silence behind, even on synthesizers that hold notes unknown to us."""
        self.silence(now_s)
        self._send_all([(event, "musician") for event in self._controllers.let_go(sorted(self.thru.channels))], now_s)
        self._outputs.reset(now_s, self._clock.beat_at(now_s))

    def take_problem(self) -> str | None:
        """Return a sentence for the musician if something is wrong with the input; each sentence is given once."""
        return self.rate_limit.take_problem() or self.feedback_filter.take_problem() or self._clock.take_problem()

    def _is_wanted(self, note: Note, epoch: int) -> bool:
        """Whether a note can still be played: the song may have jumped, or the set changed, while it was under way."""
        anchor = self._clock.anchor
        return epoch == anchor.epoch and anchor.running and note.channel in self._model_channels

    def _release_model(self, now_s: float, beat: float) -> None:
        self._outputs.send([Sent(event, by, now_s, beat) for event, by in self._scheduler.release(by="model")])

    def _send_all(self, messages: Iterable[tuple[Event, Player]], now_s: float) -> None:
        beat = self._clock.beat_at(now_s)
        self._outputs.send([Sent(event, by, now_s, beat) for event, by in messages])
