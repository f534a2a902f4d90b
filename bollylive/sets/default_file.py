"""Rewrites `default.toml`: it keeps its values, and gets its comments from the table of settings.

Run it after a change of a setting: python -m bollylive.sets.default_file
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from bollylive.sets.default_text import set_text
from bollylive.sets.setfile import read_toml

PATH: Final = Path(__file__).with_name("default.toml")

_INTRODUCTION: Final = """\
# The band that plays when you name no other set. Copy this file, change it, and play it: bollylive jam --set FILE
# A line that you leave out, or that begins with #, has no effect: BollyLive then uses its own value.
# Save the file while the band plays, and it takes the changes at once; those marked * wait for the next start.

"""


def default_text() -> str:
    """Return what the file should contain. Reads the file. Raises SetError if it is not TOML."""
    return _INTRODUCTION + set_text(read_toml(PATH.read_text(encoding="utf-8"), PATH.name))


if __name__ == "__main__":
    PATH.write_text(default_text(), encoding="utf-8", newline="\n")
