"""A short evening of chaos: everything dies, hangs, fills up or goes away, and nothing hangs, is lost, or is left."""

from __future__ import annotations

import sys

import pytest
from chaos import KINDS, Chaos, Evening, Quiet
from storms import FAULTS

SECONDS = 40.0


@pytest.mark.ports
@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="it finds the processes in /proc")
def test_an_evening_of_chaos_leaves_no_note_no_gap_no_process_and_no_file() -> None:
    evening = Chaos(SECONDS, seed=1).spend()
    assert not evening.problems, evening
    assert evening.band_heard > 20
    assert len(evening.faults) >= 5
    assert evening.quiet


def test_every_kind_of_death_is_among_the_faults_once_before_any_comes_again() -> None:
    chaos = Chaos(SECONDS, seed=1)
    kinds = [chaos._draw_one() for _ in range(len(KINDS))]
    assert len(set(kinds)) == len(kinds) >= len(KINDS) - 1  # a full disk needs one that can be mounted
    assert {kind for kind in FAULTS if "kill" in kind and "musician" not in kind} <= set(kinds)


def test_growth_is_from_the_first_third_to_the_last() -> None:
    quiet = [Quiet(float(i), pss_mb=100.0 + (50.0 if i == 4 else i), files=40, processes=3) for i in range(9)]
    evening = Evening(1, SECONDS, quiet=quiet)
    assert evening.growth(lambda one: one.pss_mb) == 6.0
    assert evening.growth(lambda one: one.files) == 0.0
