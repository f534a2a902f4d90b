"""What is known about a setting besides its value: enough to read it, check it, explain it and show it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields, replace
from typing import Any, Final, Literal, TypeAlias, TypeVar

from bollylive.sets.value_kinds import Kind

T = TypeVar("T")
Unit: TypeAlias = Literal["", "bpm", "beats", "bars", "ms", "notes"]
_KEY: Final = "setting"


@dataclass(frozen=True, slots=True)
class Setting:
    """One line of the table in `settings`. Its name is the name of the dataclass field and the key in a set file."""

    kind: Kind  # the legal values
    help_line: str  # what it does, for a musician
    unit: Unit = ""
    live: bool = True  # whether a saved set changes it while the band plays; otherwise it waits for the next start
    example: object = None  # a value as in a set file, if the default is not worth showing
    default: object = None  # the default of the dataclass; None also if it has none

    @property
    def legal_range(self) -> str:
        """The legal values with their unit, as in `0.25 to 8 beats`; empty if the help says enough."""
        return f"{self.kind.legal} {self.unit}".strip() if self.kind.legal else ""


def about(known: Setting) -> dict[str, Setting]:
    """The metadata of a dataclass field that is this setting; needed only if it has no default."""
    return {_KEY: known}


def setting(
    default: T,
    kind: Kind,
    help_line: str,
    *,
    unit: Unit = "",
    live: bool = True,
    example: object = None,
) -> T:
    """The dataclass field of a setting with a default. Like `dataclasses.field`, it has the type of that default."""
    return field(default=default, metadata=about(Setting(kind, help_line, unit, live, example)))


def settings_of(owner: type[Any]) -> Mapping[str, Setting]:
    """The settings among the fields of a dataclass, by name and in order."""
    return {
        known.name: replace(known.metadata[_KEY], default=None if known.default is MISSING else known.default)
        for known in fields(owner)
        if _KEY in known.metadata
    }
