"""Who plays a channel that the musician and the model share: when the model takes it over, and for how long.

    the musician plays → the model takes over → it plays its answer → the musician plays again, or the answer is over

What the musician asks for meanwhile (another answer, the one before, this one round and round, one begun alike)
begins at the next place where the answer began in its bar.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bollylive.engine.grid import ticks_of
from bollylive.engine.handover import HandoverRules
from bollylive.engine.part import Part
from bollylive.engine.part_table import PartTable
from bollylive.engine.variations import Score, Variation, Variations
from bollylive.sets.band import Set

_LONGEST_LOOP_BARS = 4


@dataclass(slots=True)
class _Turn:
    """How it stands on one channel; all times in ticks."""

    phrase_from: int | None = None  # where the musician's newest phrase began
    answers: Variations | None = None
    next_at: int | None = None  # where what the musician has asked for begins
    next_does: str = ""
    round: Variation | None = None  # what comes again and again


class TurnTaking:
    """The turns of all channels. Owned by the engine.

    `is_held` tells whether the musician holds a key of a channel.
    """

    def __init__(self, part_table: PartTable, band: Set, is_held: Callable[[int], bool]) -> None:
        self._parts, self._is_held = part_table, is_held
        self._turns: dict[int, _Turn] = {}
        self.use(band)

    def use(self, band: Set) -> None:
        """Take turns by another set from now on."""
        self._handover_rules = HandoverRules(self._parts, band, self._is_held)
        self._commit, self._horizon = ticks_of(band.commit_beats), ticks_of(band.horizon_beats)

    def shift(self, ticks: int) -> None:
        """Follow the grid when it moves."""
        for turn in self._turns.values():
            turn.phrase_from = None if turn.phrase_from is None else turn.phrase_from + ticks
            turn.next_at = None if turn.next_at is None else turn.next_at + ticks
            turn.round = None if turn.round is None else turn.round.at(turn.round.begin + ticks)
            if turn.answers is not None:
                turn.answers.shift(ticks)

    def begin_note(self, part: Part, tick: int) -> bool:
        """The musician begins a note; True if that takes the word from the model."""
        turn, takes_word = self._turn(part), part.has_word
        answers = turn.answers
        if answers is not None and (part.hesitates or answers.begin > tick):  # only planned ahead: the phrase goes on
            turn.answers = None
        elif turn.phrase_from is None or (answers is not None and turn.phrase_from < answers.begin):
            turn.phrase_from = tick
        if takes_word:
            self.end(part, tick)
        turn.next_at = None
        return takes_word

    def end(self, part: Part, tick: int) -> None:
        """Take the word from the model."""
        turn = self._turn(part)
        if turn.answers is not None and part.has_word:
            if turn.answers.current.begin > tick:  # what was moved ahead of it did not begin
                part.history.shift(turn.answers.begin - turn.answers.current.begin)
            else:
                turn.answers.current.close(part.history, tick)
        self._parts.quieten(part, tick)
        turn.next_at, turn.round = None, None

    @property
    def keeps(self) -> bool:
        """Whether something comes round and round, as the musician has asked for."""
        return any(turn.round is not None for turn in self._turns.values())

    def next_tick(self) -> int | None:
        """When `advance` has something to do, perhaps in the past."""
        ticks = []
        for part in self._parts:
            turn = self._turn(part)
            if turn.next_at is not None:
                ticks.append(self._plans_at(part, turn.next_at))
            elif part.until is not None:
                ticks.append(part.until)
            elif (begin := self._handover_rules.tick_for(part)) is not None:
                ticks.append(begin - self._horizon)
            if (page := part.next_page) is not None:
                ticks.append(page - self._horizon)
        return min(ticks, default=None)

    def advance(self, earliest: int) -> None:
        """Let the model take over where it is time, and end what is over; from `earliest` on all can be changed."""
        for part in self._parts:
            turn = self._turn(part)
            if turn.next_at is not None:
                if earliest >= self._plans_at(part, turn.next_at):
                    self._begin_next(part, turn)
            elif part.until is not None and earliest >= part.until:
                self._stay_away(part, earliest)
            elif (begin := self._handover_rules.tick_for(part)) is not None and earliest >= begin - self._horizon:
                self._take_over(part, max(begin, earliest))
            self._read(part, turn, earliest)

    def hand_over(self, part: Part, earliest: int) -> bool:
        """Give the model the word at once, or take it from it; True if it was taken."""
        if part.has_word:
            self._stay_away(part, earliest)
            return True
        part.awaited = True
        self._take_over(part, earliest, by_command=True)
        return False

    def ask_for(self, does: str, part: Part, earliest: int) -> None:
        """Let `again`, `back`, `keep` or `vary` happen as soon as it can; without an answer nothing does."""
        turn = self._turn(part)
        if turn.answers is None or self._is_held(part.channel):
            return
        since = turn.answers.current.begin
        bars = max(1, -(-(earliest + self._commit + 1 - since) // self._parts.bar))
        turn.next_at, turn.next_does, turn.round = since + bars * self._parts.bar, does, None
        part.until = turn.next_at if part.has_word else None
        if part.has_word and self._parts.withdraw(part, turn.next_at - 1):
            part.carry_on(earliest)

    def _stay_away(self, part: Part, tick: int) -> None:
        """The model's turn is over, until the musician has played again."""
        self.end(part, tick)
        part.active = None

    def _turn(self, part: Part) -> _Turn:
        return self._turns.setdefault(part.channel, _Turn())

    def _take_over(self, part: Part, begin: int, by_command: bool = False) -> None:
        turn, handover = self._turn(part), self._handover_rules.handover_of(part)
        at_bar = handover == "bar" and begin % self._parts.bar == 0 and not by_command
        turn.answers = Variations(
            part.history.branch(), begin, self._handover_rules.length(part, begin, turn.phrase_from), at_bar
        )
        turn.next_at, turn.round = None, None
        self._play(part, turn.answers, begin)
        part.hesitates = handover == "flow" and not by_command

    def _play(self, part: Part, answers: Variations, tick: int, given: Variation | None = None) -> None:
        """The model has the word from a tick on; where notes are given, it goes on after them."""
        part.until = None if answers.length is None else tick + answers.length
        part.score = Score()
        if given is not None:
            part.play(given.score())
        elif answers.at_bar or part.history.last is None:
            part.come_in(tick)
        else:
            part.due = tick
            part.carry_on(tick)

    def _begin_next(self, part: Part, turn: _Turn) -> None:
        answers, tick = turn.answers, turn.next_at
        assert answers is not None, "only after an answer can another be asked for"
        assert tick is not None, "it is asked for at a place"
        turn.next_at = None
        if part.has_word:
            answers.current.close(part.history, tick)
        take = answers.current
        given: Variation | None = None
        match turn.next_does:
            case "keep":
                loop = take.cut(max(0, take.ticks - _LONGEST_LOOP_BARS * self._parts.bar), take.ticks)
                if loop.notes:
                    self._repeat(part, turn, loop.at(tick))
                elif part.has_word:  # there is nothing to keep yet: the answer goes on
                    part.until = None if answers.length is None else take.begin + answers.length
                return
            case "vary":
                given = take.cut(0, min(take.ticks, _LONGEST_LOOP_BARS * self._parts.bar) // 2).at(tick)
                answers.start(tick)
            case "back":
                given = answers.go_back(tick)
            case _:
                answers.start(tick)
        part.history = answers.phrase_at(tick)
        self._play(part, answers, tick, given)

    def _read(self, part: Part, turn: _Turn, earliest: int) -> None:
        """What stands in the score is planned, and comes again if the musician keeps it."""
        if not part.score:
            return
        for note in part.read(earliest, earliest + self._horizon):
            self._parts.band_notes.add(part.channel, part.instrument, note)
        if turn.round is not None and not part.score:
            self._repeat(part, turn, turn.round.at(turn.round.begin + turn.round.ticks))

    def _repeat(self, part: Part, turn: _Turn, loop: Variation) -> None:
        turn.round, part.until = loop, None
        part.play(loop.score())

    def _plans_at(self, part: Part, tick: int) -> int:
        """When what begins at a tick is to be planned: as soon as all before it is, or when it must."""
        is_planned = not part.has_word or part.due_tick >= tick
        return tick - (self._horizon if is_planned else self._commit)
