"""Sends messages at once, and works out afterwards, when there is time, which notes and pedals they hold."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

from bollylive.io.controller_state import Music
from bollylive.io.feedback_filter import FeedbackFilter
from bollylive.io.hanging_notes import HangingNotes
from bollylive.io.held_state import HeldState
from bollylive.io.missed_releases import MissedReleases
from bollylive.io.program_reminder import ProgramReminder
from bollylive.midi.messages import ALL_NOTES_OFF, ALL_SOUND_OFF, Control, NoteOn
from bollylive.midi.parser import state_key
from bollylive.protocol import InheritedState, Sent

Send: TypeAlias = Callable[[Sequence[Sent]], None]

_RESETS: Final = (ALL_NOTES_OFF, ALL_SOUND_OFF)


class Outputs:
    """Sends messages, and remembers what they hold and what listeners may have missed.

    `send` is called with the messages. `channels` are the channels on which anything was sent; add the channels on
    which anything was heard. What was sent is `unsettled` until `settle` is called, which the other methods do. Not
    thread-safe; `now_s` must not go back.
    """

    def __init__(self, send: Send, feedback_filter: FeedbackFilter) -> None:
        self.channels: set[int] = set()
        self.unsettled: deque[Sent] = deque()
        self._send_on, self._feedback_filter = send, feedback_filter
        self._held = HeldState()  # by all that was sent
        self._reminder = ProgramReminder()
        self._listeners: int | None = None
        self._hanging, self._missed = HangingNotes(self._held), MissedReleases(self._held)

    def send(self, messages: Sequence[Sent]) -> None:
        """Send messages, and leave the bookkeeping for later; the first note after a reset follows the programs."""
        if messages:
            if self._reminder.is_due and any(isinstance(sent.event, NoteOn) for sent in messages):
                self._remind(messages[0].at_s, messages[0].beat)
            self._send_on(messages)
            self.unsettled.extend(messages)

    def settle(self) -> None:
        """Work out what the messages that were sent hold and release."""
        while self.unsettled:
            sent = self.unsettled.popleft()
            event, about = sent.event, state_key(sent.event)
            if isinstance(event, Music):
                self.channels.add(event.channel)
            self._reminder.note(event, sent.by)
            self._feedback_filter.passing.append((sent.at_s, event, sent.by))
            if released := self._held.note(event, about):
                self._missed.add(released, sent.at_s)

    def inherit(self, left: InheritedState, now_s: float) -> None:
        """Take over what an earlier process left sounding; `end_left` ends it."""
        self.settle()
        self._hanging.inherit(left, now_s)

    def end_left(self, now_s: float, beat: float) -> bool:
        """If it is time, send the ends of what was left once more; return whether somebody has yet to receive them."""
        self.settle()
        self.send([Sent(event, by, now_s, beat) for event, by in self._hanging.end(now_s)])
        return self._hanging.wait

    def listen(self, listeners: int | None, now_s: float, beat: float) -> None:
        """Note how many programs listen, None if unknown; a new one gets the note ends that it missed, and programs."""
        self.settle()
        self._hanging.listen(listeners, now_s)
        self.send([Sent(event, "model", now_s, beat) for event in self._missed.listen(listeners, now_s)])
        before, self._listeners = self._listeners, listeners
        if before is not None and listeners is not None and listeners > before:
            self._remind(now_s, beat)

    def reset(self, now_s: float, beat: float) -> None:
        """End every note on all `channels`, even notes that only a synthesizer knows of."""
        self.settle()
        resets = [Control(channel, number, 0) for channel in sorted(self.channels) for number in _RESETS]
        self.send([Sent(reset, "model", now_s, beat) for reset in resets])

    def _remind(self, now_s: float, beat: float) -> None:
        self.send([Sent(event, by, now_s, beat) for event, by in self._reminder.remind()])
