"""What an instrument is for in the band: the words of the setting `part`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final, Literal, TypeAlias, get_args

from bollylive.errors import quoted
from bollylive.sets.value_kinds import Kind

PartName: TypeAlias = Literal["bass", "pad", "comp", "line", "answer", "groove"]
PART_NAMES: Final[tuple[PartName, ...]] = get_args(PartName)
PART_HELP: Final[Mapping[str, str]] = {
    "bass": "the low line, one note at a time",
    "pad": "long chords",
    "comp": "short chords in rhythm",
    "line": "a melody, one note at a time",
    "answer": "a line that waits for your pauses",
    "groove": "the rhythm of percussion",
}


@dataclass(frozen=True, slots=True)
class PartNames(Kind):
    """One part or a list of several, as in `["pad", "answer"]`; they are read in the order of `PART_NAMES`."""

    @property
    def words(self) -> Mapping[str, str]:
        return PART_HELP

    def read(self, value: object) -> tuple[PartName, ...]:
        names = value if isinstance(value, list) else [value]
        for name in names:
            if name not in PART_NAMES:
                near = get_close_matches(name, PART_NAMES, n=1) if isinstance(name, str) else []
                hint = f"; did you mean {near[0]!r}?" if near else "."
                raise ValueError(
                    f"must be one or a list of {', '.join(map(repr, PART_NAMES))}, not {quoted(name)}{hint}"
                )
        if not names:
            raise ValueError("must not be an empty list; leave the line out if the model may play anything.")
        return tuple(name for name in PART_NAMES if name in names)


def part_problems(part: tuple[PartName, ...], *, is_percussion: bool) -> Iterator[str]:
    """Yield a sentence for each part that a channel's instrument cannot play. Pure."""
    for name in part:
        if is_percussion and name != "groove":
            yield f"part must be 'groove' for percussion, not {name!r}."
        elif name == "groove" and not is_percussion:
            yield "part 'groove' needs channel 10 or a line percussion; 'comp' is chords in rhythm."
