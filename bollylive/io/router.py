"""What the io process does with each message; the order of its lines is the data flow.

event of a source   → feedback filter → rate limit → controls → controllers → thru → MPE → note map → engine
message of the engine → model notes: note map → scheduler → sent when due

Clock messages go to `clock_input`. To send another kind of message (MIDI clock out, say), begin at `tick`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from bollylive.clock.anchor import Anchor, ClockGone, LinkBeat, PlayerBeat
from bollylive.clock.clock import Clock
from bollylive.io.clock_input import ClockInput, ClockMessage
from bollylive.io.controller_state import RESETS, ControllerState, Meaning, Music
from bollylive.io.feedback_filter import FeedbackFilter
from bollylive.io.model_notes import ModelNotes
from bollylive.io.mpe_input import MpeInput
from bollylive.io.note_scheduler import Scheduler
from bollylive.io.outputs import Outputs, Send
from bollylive.io.rate_limit import RateLimit
from bollylive.io.sources_and_sinks import Input
from bollylive.io.thru import Thru
from bollylive.midi.messages import RESET_CONTROLLERS, Control, Event, LostSourceRelease, Note, NoteOn, Player, Program
from bollylive.protocol import FromEngine, Heard, InheritedState, Move, Play, Release, Sent
from bollylive.sets.controls import Command, Controls, change_set
from bollylive.sets.live_set import LiveSet
from bollylive.sets.note_map import NoteMap
from bollylive.sets.settings import Set


class Router:
    """Passes the musician's notes through, feeds the clock, and plays what the engine has planned.

    `send` gets the messages that leave at one moment, `report` what the engine must know, and `withhold` what the
    musician plays on a channel that does not pass through; all are called from within the methods, on the caller's
    thread, and must neither block nor raise. `live.band` is the set, which `use` replaces. `asked` is the musician's
    newest command, the last of so many `commands`. Not thread-safe; `now_s` must not go back between calls.
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
        self.commands = 0
        self.asked: Command | None = None
        self._clock, self._scheduler, self._live = clock, scheduler, live
        self._outputs = Outputs(send, self.feedback_filter)
        self._report, self._withhold = report, withhold
        self.model_notes = ModelNotes(clock, scheduler, self._outputs, live.band)
        self._clock_input = ClockInput(clock, self.model_notes.release_all, report)
        self._controllers, self._mpe = ControllerState(), MpeInput(live.band)
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
        if self.feedback_filter.returns(event, now_s):
            return
        if self.rate_limit.admits(event, now_s):
            self._handle(event, now_s)
        elif isinstance(event, NoteOn):
            self.feedback_filter.doubt(now_s)

    def _handle(self, event: Event, now_s: float) -> None:
        beat = self._clock.beat_at(now_s)
        if isinstance(event, Control) and (zone := self._mpe.configuration(event)):
            self._set_up_zone(zone, now_s, beat)
        asked = self._mpe.as_command(event) if self._mpe.players else event
        if asked and (command := self._controls.read(asked)):
            if isinstance(command, Command):
                self._command(command, now_s, beat)
            return
        self._play(self._controllers.read(event, now_s), now_s, beat)

    def _play(self, events: Iterable[tuple[Event, Meaning]], now_s: float, beat: float) -> None:
        """Pass events through, and report to the engine what they mean to the band, if anything."""
        for event, meaning in events:
            part = self._mpe.player_of(event) if self._mpe.players else None
            self._outputs.send([Sent(message, by, now_s, beat, 0.0, part) for message, by in self.thru.read(event)])
            if isinstance(event, Music):
                self._outputs.channels.add(event.channel)
                if self._mpe.players:
                    self._share(event, part, now_s)
            if isinstance(meaning, Command):
                self._command(meaning, now_s, beat)
            elif meaning is not None:
                for music in self._mpe.heard(meaning) if self._mpe.players else (meaning,):
                    if music.channel in self.thru.withheld:
                        self._withhold(Sent(music, "musician", now_s, beat))
                    heard = self._note_map.hear(music) if music.channel in self._note_map.mapped else music
                    self._report(Heard(heard, now_s, beat))

    def _share(self, event: Music, part: int | None, now_s: float) -> None:
        """A note on a member channel of a zone is its player's; a reset on the master channel is the members' too."""
        if part is not None and isinstance(event, NoteOn):
            self._controllers.note_active(part)
        elif part is None and isinstance(event, Control) and event.number in RESETS:
            for member in self._mpe.members(event.channel):
                lifted = self._controllers.let_go([member]) if event.number == RESET_CONTROLLERS else []
                for each in (*lifted, replace(event, channel=member)):
                    self._send_all(self.thru.read(each), now_s)

    def _set_up_zone(self, zone: Command, now_s: float, beat: float) -> None:
        """A keyboard has said on which channels it plays as one player."""
        if (band := change_set(self._live.band, zone)) != self._live.band:
            self._switch(band, Controls(band, self._controls), now_s)
            self._report(Heard(zone, now_s, beat))

    def _command(self, command: Command, now_s: float, beat: float) -> None:
        self.asked, self.commands = command, self.commands + 1
        if command.changes_set:
            self._live.band = change_set(self._live.band, command)
            self.model_notes.release_unheard(self._live.band, now_s)
        if command.does != "tap":
            self._report(Heard(command, now_s, beat))
        elif tempo := self._clock_input.tap(now_s):
            self._report(Heard(tempo, now_s, beat))

    def let_go(self, ending: LostSourceRelease, now_s: float) -> None:
        """Handle the release of what a lost source held: it is no command, because nobody pressed anything."""
        asked = self._mpe.as_command(ending.event)
        if asked and self._controls.claims(asked):
            self._controls.forget(asked)
        else:
            self._play(self._controllers.read(ending.event, now_s), now_s, self._clock.beat_at(now_s))

    def obey(self, instruction: FromEngine, now_s: float) -> Note | None:
        """Handle any message from the engine; whatever is due is sent at the next `tick`.

        Returns the planned note as it will be sent; None if the message plans none.
        """
        match instruction:
            case Play():
                return self.model_notes.plan(instruction)
            case Move():
                return self.model_notes.move(instruction)
            case Release():
                self.model_notes.release(instruction, now_s)
            case PlayerBeat():
                self._clock_input.follow_player(instruction, now_s)
        return None

    def tick(self, now_s: float) -> None:
        """Send what is due; call it at `next_due` and, so that a lost clock is noticed, many times a second."""
        self._outputs.settle()
        self.feedback_filter.settle(now_s)
        for event in self.rate_limit.take_waiting(now_s):
            self._handle(event, now_s)
        self.end_left(now_s)
        self._clock_input.check(now_s)
        self.model_notes.send_due(now_s)

    def next_due(self) -> float | None:
        """When `tick` has something to send, perhaps in the past; None if nothing is planned or time stands still."""
        return self.model_notes.next_due()

    def program(self, channel: int, program: int, now_s: float) -> None:
        """Send the General MIDI program (0-127) of an instrument, as at start-up."""
        self._send_all([(Program(channel, program), "model")], now_s)

    def use(self, band: Set, now_s: float) -> None:
        """Replace the set. If a player is no longer to be heard on a channel, the player's notes there end.

        A key or controller that has become a command is released too.
        """
        controls = Controls(band, self._controls)
        claimed = (*self._controllers.drop(controls.claims), *filter(controls.claims, self._scheduler.keys_down()))
        for event in claimed:
            self._play([(event, self._controllers.meaning(event, now_s))], now_s, self._clock.beat_at(now_s))
        self._switch(band, controls, now_s)

    def _switch(self, band: Set, controls: Controls, now_s: float) -> None:
        passed, self._live.band = self.thru.channels, band
        for ending in self._mpe.use(band):
            self._report(Heard(ending, now_s, self._clock.beat_at(now_s)))
        self._derive(controls)
        closed = sorted(passed - self.thru.channels)
        self._send_all([(event, "musician") for event in self._controllers.held_on(closed)], now_s)
        for channel in closed:
            self._send_all(self._scheduler.release(channel, "musician"), now_s)
        self.model_notes.release_unheard(band, now_s)

    def _derive(self, controls: Controls) -> None:
        """Build everything that follows from the set."""
        band = self._live.band
        self.thru = Thru(self._scheduler, band)
        self._controls, self._note_map = controls, NoteMap(band)
        self.model_notes.note_map = self._note_map

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
        sources = (self.rate_limit, self.feedback_filter, self._mpe, self._clock)
        return next((problem for source in sources if (problem := source.take_problem())), None)

    def _send_all(self, messages: Iterable[tuple[Event, Player]], now_s: float) -> None:
        beat = self._clock.beat_at(now_s)
        player_of = self._mpe.player_of
        self._outputs.send([Sent(event, by, now_s, beat, 0.0, player_of(event)) for event, by in messages])
