"""What the port process does with each message; the order of its lines is the data flow.

musician's event → flood → loop → commands → controllers → thru → clock → touch → report to the engine
engine's word    → touch → scheduler → sent when due
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bollylive.clock.anchor import Anchor, LinkBeat, PlayerBeat
from bollylive.clock.clock import Clock
from bollylive.clock.tap_tempo import TapTempo
from bollylive.io.controller_state import ControllerState
from bollylive.io.feedback_filter import FeedbackFilter
from bollylive.io.hanging_notes import HangingNotes
from bollylive.io.missed_releases import MissedReleases
from bollylive.io.rate_limit import RateLimit
from bollylive.io.scheduler import Scheduler
from bollylive.io.sources_and_sinks import Input
from bollylive.io.thru import Thru
from bollylive.midi.messages import (
    ALL_NOTES_OFF,
    ALL_SOUND_OFF,
    Continue,
    Control,
    Event,
    LetGo,
    Note,
    NoteOff,
    NoteOn,
    Player,
    Position,
    Program,
    Start,
    Stop,
    Tempo,
    Tick,
)
from bollylive.protocol import Heard, InheritedState, Instruction, Play, Release, Sent
from bollylive.sets.band import MODEL_ROLES, Set
from bollylive.sets.controls import Command, Controls
from bollylive.sets.live_set import LiveSet
from bollylive.sets.note_map import NoteMap


class Router:
    """Passes the musician's notes through, follows their clock, and plays what the engine has planned.

    `send` gets every message as it leaves, `report` what the engine must know; both are called from
    within the methods, on the caller's thread, and must neither block nor raise. `dropped_stale` counts planned
    notes of an epoch that is gone, or that were under way when the song stopped or the model lost the channel;
    `flood` and `loopback` count what they leave out of what comes; `thru` knows what is passed on. Not thread-safe;
    `now_s` must not go back between calls.
    """

    def __init__(
        self,
        clock: Clock,
        scheduler: Scheduler,
        send: Callable[[Sent], None],
        report: Callable[[Heard | Anchor], None],
        live: LiveSet,
        withhold: Callable[[Sent], None] = lambda _: None,
    ) -> None:
        self.flood, self.feedback_filter = RateLimit(), FeedbackFilter()
        self.dropped_stale = 0
        self._taps = TapTempo()
        self._controllers = ControllerState()
        self._clock = clock
        self._scheduler = scheduler
        self._send_on = send
        self._report, self._withhold = report, withhold
        self._live = live
        self._used: set[int] = set()  # channels on which anything was heard or sent
        self._hanging, self._missed_releases = HangingNotes(), MissedReleases()
        self._derive(Controls(live.band))

    def use(self, band: Set, now_s: float) -> None:
        """Relays by another set from now on; what sounds of whoever is no longer to be heard on a channel ends.

        So does what is held of a key or a controller that is a command now.
        """
        passed, played = self.thru.channels, self._played
        commands = Controls(band, self._commands)
        keys: list[Event] = [key for key in self._scheduler.keys_down() if commands.claims(key)]
        for word in (*self._controllers.drop(commands.claims), *keys):
            self._play(word, now_s, self._clock.beat_at(now_s))
        self._live.band = band
        self._derive(commands)
        closed = sorted(passed - self.thru.channels)
        self._send_all([(word, "musician") for word in self._controllers.held_on(closed)], now_s)
        for channel in closed:
            self._send_all(self._scheduler.release(channel, "musician"), now_s)
        for channel in played - self._played:
            self._send_all(self._scheduler.release(channel, "model"), now_s)

    def _derive(self, commands: Controls) -> None:
        """Build the tables that follow from the set."""
        band = self._live.band
        self.thru = Thru(self._scheduler, band)
        self._played = frozenset(channel for channel in range(16) if band.channel(channel).role in MODEL_ROLES)
        self._commands, self._touch = commands, NoteMap(band)

    def handle(self, event: Event, now_s: float) -> None:
        """Takes in one event of the musician or their DAW, at once; a command is neither passed on nor music."""
        if self.flood.admits(event, now_s):
            self._heed(event, now_s)

    def take(self, event: Input, now_s: float) -> None:
        """Take in whatever a source gives."""
        match event:
            case LetGo():
                self.let_go(event, now_s)
            case LinkBeat():
                self.follow_link(event)
            case Command():
                self._ask(event, now_s, self._clock.beat_at(now_s))
            case _:
                self.handle(event, now_s)

    def let_go(self, word: LetGo, now_s: float) -> None:
        """Takes in what lets go of something whose source has gone: it turns no knob, and nobody pressed anything."""
        if self._commands.claims(word.event):
            self._commands.forget(word.event)
            return
        for event in self._controllers.read(word.event):
            self._play(event, now_s, self._clock.beat_at(now_s))

    def _heed(self, event: Event, now_s: float) -> None:
        if self.feedback_filter.returns(event, now_s):
            return
        beat = self._clock.beat_at(now_s)
        if command := self._commands.read(event):
            if isinstance(command, Command):
                self._ask(command, now_s, beat)
            return
        for word in self._controllers.read(event):
            self._play(word, now_s, beat)

    def _play(self, word: Event, now_s: float, beat: float) -> None:
        self._send_all(self.thru.read(word), now_s, beat)
        self._keep_time(word, now_s, beat)
        if isinstance(word, NoteOn | NoteOff | Control | Program):
            self._used.add(word.channel)
            told = self._controllers.tell(word, now_s)
            if isinstance(told, Command):
                self._ask(told, now_s, beat)
            elif told is not None:
                heard = self._touch.hear(told)
                if word.channel in self.thru.withheld:
                    self._withhold(Sent(heard, "musician", now_s, beat))
                self._report(Heard(heard, now_s, beat))

    def follow_link(self, link: LinkBeat) -> None:
        """Takes in where an Ableton Link session is now; call it some twenty times a second."""
        if self._clock.follow_link(link):
            if not self._clock.anchor.running:
                self._send_all(self._scheduler.release(by="model"), link.at_s)
            self._report(self._clock.anchor)

    def obey(self, word: Instruction, now_s: float) -> Note | None:
        """Takes in one word of the engine; what is due of it leaves at the next `tick`.

        Gives the note that is planned, as it will leave; None where none is.
        """
        match word:
            case Play(note, epoch) if self._is_wanted(note, epoch):
                beat_s = self._clock.anchor.seconds_per_beat
                planned = self._touch.play(note, beat_s)
                self._scheduler.plan(planned, self._touch.early_beats(note.channel, beat_s))
                return planned
            case Play():
                self.dropped_stale += 1
            case Release(channel, within_beats) if within_beats > 0 and self._clock.anchor.running:
                self._scheduler.fade(channel, self._clock.beat_at(now_s) + within_beats)
            case Release(channel):
                self._send_all(self._scheduler.release(channel, "model"), now_s)
            case PlayerBeat() if self._clock.follow_player(word, now_s):
                self._report(self._clock.anchor)
        return None

    def tick(self, now_s: float) -> None:
        """Sends what is due; call it at `next_due` and, so that a lost clock is noticed, many times a second."""
        for event in self.flood.take_waiting(now_s):
            self._heed(event, now_s)
        self.end_left(now_s)
        if self._clock.check(now_s):
            self._report(self._clock.anchor)
        anchor = self._clock.anchor
        if not anchor.running:
            return
        beat = anchor.beat_at(now_s)
        for event, by, due_beat in self._scheduler.due(beat, anchor.seconds_per_beat):
            self._send(event, by, now_s, due_beat, (beat - due_beat) * anchor.seconds_per_beat)

    def next_due(self) -> float | None:
        """When `tick` has something to send, perhaps in the past; None if nothing is planned or time stands still."""
        beat = self._scheduler.next_beat()
        if beat is None or not self._clock.anchor.running:
            return None
        return self._clock.seconds_at(beat)

    def program(self, channel: int, program: int, now_s: float) -> None:
        """Sends the General MIDI program (0-127) of an instrument, as at start-up."""
        self._send(Program(channel, program), "model", now_s, self._clock.beat_at(now_s))

    def silence(self, now_s: float) -> None:
        """Ends every sounding note and forgets every planned one."""
        self._send_all(self._scheduler.release(), now_s)

    def close(self, now_s: float) -> None:
        """Leaves silence behind, also on synthesizers that hold notes which we know nothing of."""
        self.silence(now_s)
        self._send_all([(word, "musician") for word in self._controllers.let_go(sorted(self.thru.channels))], now_s)
        for channel in sorted(self._used):
            for number in (ALL_NOTES_OFF, ALL_SOUND_OFF):
                self._send(Control(channel, number, 0), "model", now_s, self._clock.beat_at(now_s))

    def take_problem(self) -> str | None:
        """A sentence for the musician, if something is wrong with what comes in; each is given once."""
        return self.flood.take_problem() or self.feedback_filter.take_problem()

    def inherit(self, left: InheritedState, now_s: float) -> None:
        """Lets go of what an earlier relay left, now and again."""
        self._hanging.inherit(left, now_s)
        self._controllers.recall(word for word, _ in left.releases)
        self.end_left(now_s)

    def listen(self, listeners: int | None, now_s: float) -> None:
        """Takes in how many listen to the outputs; None where that cannot be seen. Who begins to hears what ended."""
        self._hanging.listen(listeners, now_s)
        self._send_all([(word, "model") for word in self._missed_releases.listen(listeners, now_s)], now_s)

    def end_left(self, now_s: float) -> bool:
        """Lets go once more of what was left, if it is time; whether somebody is still to hear that."""
        self._send_all(self._hanging.end(now_s), now_s)
        return self._hanging.wait

    def _is_wanted(self, note: Note, epoch: int) -> bool:
        """What was on its way when the song jumped or stopped, or when another set came, may come too late."""
        anchor = self._clock.anchor
        return epoch == anchor.epoch and anchor.running and note.channel in self._played

    def _ask(self, command: Command, now_s: float, beat: float) -> None:
        if command.does != "tap":
            self._report(Heard(command, now_s, beat))
        elif tempo := self._taps.tap(now_s):
            self._keep_time(tempo, now_s, beat)
            self._report(Heard(tempo, now_s, beat))

    def _keep_time(self, event: Event, now_s: float, beat: float) -> None:
        if not isinstance(event, Tick | Start | Continue | Stop | Position | Tempo):
            return
        epoch = self._clock.anchor.epoch
        changed = self._clock.handle(event, now_s)
        if isinstance(event, Stop) or self._clock.anchor.epoch != epoch:
            self._send_all(self._scheduler.release(by="model"), now_s, beat)
        if changed:
            self._report(self._clock.anchor)

    def _send_all(self, messages: Sequence[tuple[Event, Player]], now_s: float, beat: float | None = None) -> None:
        at_beat = self._clock.beat_at(now_s) if beat is None else beat
        for event, by in messages:
            self._send(event, by, now_s, at_beat)

    def _send(self, event: Event, by: Player, now_s: float, beat: float, late_s: float = 0.0) -> None:
        self._send_on(Sent(event, by, now_s, beat, late_s))  # first of all: the rest is bookkeeping
        if isinstance(event, NoteOn | NoteOff | Control | Program):
            self._used.add(event.channel)
        self._hanging.see(event)
        self._missed_releases.see(event, now_s)
        self.feedback_filter.leave(event, now_s)
