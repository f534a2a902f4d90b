"""Any set that a set file may describe, for hypothesis."""

from __future__ import annotations

from typing import get_args

from hypothesis import strategies as st

from bollylive.sets.control_set import ACTIONS, ControlSet
from bollylive.sets.parts import PartName
from bollylive.sets.settings import KNOBS, ChannelSet, Handover, Role, Set

ROLES: tuple[Role, ...] = get_args(Role)
PITCHED: tuple[PartName, ...] = ("bass", "pad", "comp", "line", "answer")
COMMANDS = 20  # the first controller that is a command or a knob


@st.composite
def bands(draw: st.DrawFn) -> Set:
    """Sets with four channels, and controllers from `COMMANDS` on for every command and knob."""
    members = []
    for channel in range(4):
        lowest, highest = draw(st.sampled_from([(0, 127), (55, 70), (60, 60)]))
        member = ChannelSet(
            channel,
            role=draw(st.sampled_from(ROLES)),
            lowest=lowest,
            highest=highest,
            polyphony=draw(st.integers(1, 8)),
            density=draw(st.floats(-2, 2)),
            part=draw(st.sampled_from([(), *((name,) for name in PITCHED), ("pad", "answer")])),
            velocity=draw(st.sampled_from([None, 1, 80, 127])),
            handover=draw(st.sampled_from((None, *get_args(Handover)))),
            answer_bars=draw(st.sampled_from([0, 0, 1, 3])),
        )
        members.append(member)
    return Set(
        tempo_bpm=draw(st.sampled_from([20.0, 96.0, 100.0, 133.3, 300.0])),
        beats_per_bar=draw(st.integers(1, 16)),
        buffer_notes=draw(st.sampled_from([4, 8, 16])),
        horizon_beats=draw(st.sampled_from([0.25, 1.0, 2.0])),
        commit_beats=draw(st.sampled_from([0.0, 0.1, 0.2])),
        handover_beats=draw(st.sampled_from([0.0, 0.5, 2.0])),
        rest_after_beats=draw(st.sampled_from([0.0, 1.0, 16.0])),
        thru=draw(st.booleans()),
        scale=draw(st.sampled_from(["free", "own", "D dorian"])),
        scale_lock=draw(st.sampled_from([0.0, 0.5, 1.0])),
        raga=draw(st.sampled_from([None, None, "marwa"])),
        sa=draw(st.integers(0, 11)),
        follow_tempo=draw(st.booleans()),
        controls=tuple(ControlSet("cc", COMMANDS + i, does) for i, does in enumerate((*ACTIONS, *KNOBS))),
        handover=draw(st.sampled_from(get_args(Handover))),
        default_role=draw(st.sampled_from(ROLES)),
        channels=tuple(members),
    )
