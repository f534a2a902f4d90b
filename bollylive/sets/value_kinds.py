"""The kinds of value that a setting can have: each knows which values are legal, and reads a value from a set file."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Final
from unicodedata import category

from bollylive.errors import quoted
from bollylive.midi.instruments import program_of
from bollylive.midi.mpe import MOST_MEMBERS, MOST_OF_TWO
from bollylive.midi.percussion import INSTRUMENTS, Keys, read_keys
from bollylive.midi.pitch_names import pitch_of

MOST_CHARACTERS: Final = 1024  # of a name: of a port, or of a model with its folders
MOST_NAMES: Final = 32


class Kind(ABC):
    """Which values a setting may have. Pure; any thread may call it.

    `legal` names the range, as in `0 to 127`; it is empty if the help says enough. `words` explains each value, if
    there are only a few.
    """

    @property
    def legal(self) -> str:
        """The legal range in words."""
        return ""

    @property
    def words(self) -> Mapping[str, str]:
        """What each word means, in the order in which people should read them."""
        return {}

    @abstractmethod
    def read(self, value: object) -> object:
        """Return a value of a set file as `Set` holds it.

        Raises ValueError; its text is a sentence without the setting's name, with which the sentence begins.
        """


@dataclass(frozen=True, slots=True)
class Number(Kind):
    """A number in a range, both ends included."""

    lowest: float
    highest: float

    @property
    def legal(self) -> str:
        return f"{self.lowest:g} to {self.highest:g}"

    def read(self, value: object) -> float:
        nan = value != value  # noqa: PLR0124 - math.isnan raises over a whole number of hundreds of digits
        if isinstance(value, bool) or not isinstance(value, int | float) or nan:
            raise ValueError(f"must be a number from {self.legal}, not {quoted(value)}.")
        if not self.lowest <= value <= self.highest:
            raise ValueError(f"must be from {self.legal}, not {quoted(value)}.")
        return float(value)


@dataclass(frozen=True, slots=True)
class Knob(Number):
    """A number that a controller can turn while the band plays."""

    def at(self, place: float) -> float:
        """The value at a place in the range, 0 (lowest) to 1 (highest); a place outside counts as the nearer end."""
        return self.lowest + (self.highest - self.lowest) * min(max(place, 0.0), 1.0)


@dataclass(frozen=True, slots=True)
class Whole(Kind):
    """A whole number in a range, both ends included; without `highest` there is no end that a musician would meet."""

    lowest: int
    highest: int = 2**63 - 1

    @property
    def legal(self) -> str:
        return f"{self.lowest} to {self.highest}" if self.highest < 2**31 else ""

    def read(self, value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not self.lowest <= value <= self.highest:
            raise ValueError(f"must be a whole number from {self.lowest} to {self.highest}, not {quoted(value)}.")
        return value


@dataclass(frozen=True, slots=True)
class Zones(Kind):
    """How many member channels the lower MPE zone has, or a list of two such numbers: of the lower and the upper zone.

    It is read as a pair.
    """

    @property
    def legal(self) -> str:
        return f"0 to {MOST_MEMBERS}"

    def read(self, value: object) -> tuple[int, int]:
        given = value if isinstance(value, list) and len(value) == 2 else [value, 0]
        zones = [n for n in given if isinstance(n, int) and not isinstance(n, bool) and 0 <= n <= MOST_MEMBERS]
        if len(zones) < 2 or (all(zones) and sum(zones) > MOST_OF_TWO):
            raise ValueError(
                f"must be a whole number from {self.legal}, or two for both zones as in [7, 7], which are at most "
                f"{MOST_OF_TWO} together, not {quoted(value)}."
            )
        return zones[0], zones[1]


@dataclass(frozen=True, slots=True)
class Pitch(Kind):
    """A MIDI note 0 to 127, or its name, as in `C4` for 60."""

    @property
    def legal(self) -> str:
        return "0 to 127"

    def read(self, value: object) -> int:
        pitch = pitch_of(value) if isinstance(value, str) else value
        if isinstance(pitch, bool) or not isinstance(pitch, int) or not 0 <= pitch <= 127:
            raise ValueError(f"must be a note from 0 to 127, or its name such as 'C4' for 60, not {quoted(value)}.")
        return pitch


@dataclass(frozen=True, slots=True)
class Channel(Kind):
    """A MIDI channel: 1 to 16 in the file, as musicians count, and 0 to 15 when it is read."""

    @property
    def legal(self) -> str:
        return "1 to 16"

    def read(self, value: object) -> int:
        return Whole(1, 16).read(value) - 1


@dataclass(frozen=True, slots=True)
class Program(Kind):
    """A General MIDI program 0 to 127, or the name of its instrument."""

    @property
    def legal(self) -> str:
        return "0 to 127, or a name"

    def read(self, value: object) -> int:
        if not isinstance(value, str):
            return Whole(0, 127).read(value)
        if (name := value.strip().lower()) in INSTRUMENTS:
            raise ValueError(f"{quoted(value)} is no General MIDI program; use the line percussion = {name!r} instead.")
        return program_of(value)


@dataclass(frozen=True, slots=True)
class Text(Kind):
    """A name or a path that can be shown on one line."""

    def read(self, value: object) -> str:
        if not isinstance(value, str):
            raise ValueError(f"must be text in quotes, not {quoted(value)}.")
        name = value.strip()
        if not name:
            raise ValueError("must not be empty; leave the line out if there is nothing to say.")
        if len(name) > MOST_CHARACTERS or any(category(character) == "Cc" for character in name):
            raise ValueError(f"must have 1 to {MOST_CHARACTERS} characters that can be seen, not {quoted(name)}.")
        return name


@dataclass(frozen=True, slots=True)
class Names(Kind):
    """One name or a list of them."""

    def read(self, value: object) -> tuple[str, ...]:
        names = value if isinstance(value, list) and value else [value]
        if len(names) > MOST_NAMES:
            raise ValueError(f"must be a list of at most {MOST_NAMES} names, not of {len(names)}.")
        if value == [] or any(isinstance(name, str) and not name.strip() for name in names):
            raise ValueError(f"must not be empty, as in {quoted(value)}; leave the line out for BollyLive's own port.")
        if not all(isinstance(name, str) for name in names):
            raise ValueError(f"must be text in quotes, or a list of such texts, not {quoted(value)}.")
        return tuple(map(Text().read, names))


@dataclass(frozen=True, slots=True)
class Switch(Kind):
    """True or false."""

    def read(self, value: object) -> bool:
        if not isinstance(value, bool):
            raise ValueError(f"must be true or false, not {quoted(value)}.")
        return value


@dataclass(frozen=True, slots=True)
class Choice(Kind):
    """One of a few words."""

    meanings: Mapping[str, str] = field(hash=False)

    @property
    def words(self) -> Mapping[str, str]:
        return self.meanings

    def read(self, value: object) -> str:
        if isinstance(value, str) and value in self.meanings:
            return value
        near = get_close_matches(value, self.meanings, n=1) if isinstance(value, str) else []
        hint = f"; did you mean {near[0]!r}?" if near else "."
        raise ValueError(f"must be one of {', '.join(map(repr, self.meanings))}, not {quoted(value)}{hint}")


@dataclass(frozen=True, slots=True)
class Strokes(Kind):
    """What a percussion channel strikes: a name, a list of names, or a table from General MIDI keys to its own."""

    @property
    def words(self) -> Mapping[str, str]:
        return {
            name: ", ".join(f"{key} {stroke.capitalize()}" for stroke, key in strokes.items())
            for name, strokes in INSTRUMENTS.items()
        }

    def read(self, value: object) -> Keys:
        return read_keys(value)
