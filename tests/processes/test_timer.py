"""Waits that are exact to a millisecond, on a Windows that a fake stands for."""

from __future__ import annotations

import sys

import pytest

from bollylive.processes.timer import fine_waits


class FakeWinmm:
    """The wishes for a finer clock that stand, in milliseconds; like Windows it grants none below 1."""

    def __init__(self, *, grants: bool = True) -> None:
        self.wishes: list[int] = []
        self._grants = grants

    def timeBeginPeriod(self, period_ms: int) -> int:  # noqa: N802
        if not self._grants or period_ms < 1:
            return 97  # TIMERR_NOCANDO
        self.wishes.append(period_ms)
        return 0

    def timeEndPeriod(self, period_ms: int) -> int:  # noqa: N802
        self.wishes.remove(period_ms)  # raises if no such wish stands
        return 0


def test_the_wish_for_fine_waits_stands_for_as_long_as_the_block_runs() -> None:
    winmm = FakeWinmm()
    with fine_waits(winmm) as fine:
        assert fine
        assert winmm.wishes == [1]
    assert winmm.wishes == []


@pytest.mark.parametrize("end", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_the_wish_is_given_back_whatever_ends_the_block(end: type[BaseException]) -> None:
    winmm = FakeWinmm()
    with pytest.raises(end), fine_waits(winmm):
        raise end
    assert winmm.wishes == []


def test_a_wish_that_is_refused_is_not_given_back_and_the_block_runs() -> None:
    winmm = FakeWinmm(grants=False)
    with fine_waits(winmm) as fine:
        assert not fine
    assert winmm.wishes == []


@pytest.mark.skipif(sys.platform == "win32", reason="there it is a wish")
def test_elsewhere_waits_are_fine_anyway() -> None:
    with fine_waits() as fine:
        assert fine
