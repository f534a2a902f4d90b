"""What the musician asks for while the model plays: another answer, the answer before, this answer in a loop, or one
like it.

Each begins at the next place where the answer began in its bar, and is planned like everything else. All ticks are
those of the engine's grid.
"""

from __future__ import annotations

from bollylive.engine.band_state import BandState
from bollylive.engine.part import Part
from bollylive.engine.part_state import Playing, Step
from bollylive.engine.variations import NoteQueue, Phrase, Variation

_LONGEST_LOOP_BARS = 4


class VariationRequests:
    """Carries out `again`, `back`, `keep` and `vary` on the channels that musician and model share."""

    def __init__(self, state: BandState) -> None:
        self._state = state

    def request(self, command: str, part: Part, earliest: int) -> None:
        """Do `again`, `back`, `keep` or `vary` as soon as it can be; without an answer nothing happens."""
        phrase, state = part.phrase, self._state
        if phrase.answers is None or state.assembler.held(part.channel):
            return
        since, bar_ticks = phrase.answers.current.begin, state.grid.bar_ticks
        bars = max(1, -(-(earliest + self._state.commit_ticks + 1 - since) // bar_ticks))
        next_begin = since + bars * bar_ticks
        phrase.next_begin, phrase.next_command, phrase.loop = next_begin, command, None
        if part.playing is not None:
            part.playing.until_tick = next_begin
            if state.withdraw(part, next_begin - 1):
                part.resume(earliest)

    def plans_at(self, part: Part, tick: int) -> int:
        """When to plan what begins at `tick`: as soon as all before it is planned, or when it must be."""
        is_planned = part.playing is None or part.playing.due_tick >= tick
        return tick - (self._state.horizon_ticks if is_planned else self._state.commit_ticks)

    def begin(self, part: Part, tick: int) -> None:
        """Begin at `tick` what the musician has asked for."""
        phrase, playing = part.phrase, part.playing
        answers = phrase.answers
        assert answers is not None, "only after an answer can another be asked for"
        phrase.next_begin = None
        if playing is not None:
            answers.current.close(part.history, tick)
        current, longest = answers.current, _LONGEST_LOOP_BARS * self._state.grid.bar_ticks
        queue: NoteQueue | None = None
        match phrase.next_command:
            case "keep":
                loop = current.cut(max(0, current.ticks - longest), current.ticks)
                if loop.notes:
                    self._repeat(part, phrase, loop.at(tick))
                elif playing is not None:  # there is nothing to keep yet, so the answer goes on
                    playing.until_tick = None if answers.length is None else current.begin + answers.length
                return
            case "vary":
                queue = current.cut(0, min(current.ticks, longest) // 2).at(tick).queue()
                answers.start(tick)
            case "back":
                queue = answers.go_back(tick).queue()
            case _:
                answers.start(tick)
        part.history = answers.phrase_at(tick)
        part.begin_turn(answers, tick, 0 if playing is None else playing.patience_ticks, queue)

    def plan_queued(self, part: Part, earliest: int) -> None:
        """Plan the queued notes that are near enough, and queue a loop again that comes to its end."""
        playing, loop = part.playing, part.phrase.loop
        if playing is None or playing.step is not Step.QUEUED:
            return
        for note in part.plan_queued(earliest, earliest + self._state.horizon_ticks):
            self._state.band_notes.add(part.channel, part.instrument, note)
        if loop is not None and playing.step is not Step.QUEUED:
            self._repeat(part, part.phrase, loop.at(loop.begin + loop.ticks))

    @staticmethod
    def _repeat(part: Part, phrase: Phrase, loop: Variation) -> None:
        phrase.loop = loop
        if part.playing is None:
            part.playing = Playing(loop.begin, loop.begin)
        part.playing.until_tick = None
        part.play(loop.queue())
