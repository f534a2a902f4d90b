"""Print the lowest versions that BollyLive says it runs with, as constraints for pip: `python tests/support/lowest.py`.

They are read from pyproject.toml, where `>=` says it.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path

PROJECT = Path(__file__).parents[2] / "pyproject.toml"

_BOUND = re.compile(r"(?P<name>[\w.-]+)>=(?P<version>[\w.]+)(?P<marker>\s*;.*)?")


def lowest(requirements: Iterable[str]) -> list[str]:
    """Return each requirement at its lowest version; raises ValueError if one does not say only that."""
    pins = []
    for requirement in requirements:
        if (bound := _BOUND.fullmatch(requirement)) is None:
            raise ValueError(f"'{requirement}' must be a name with '>=' and a version, and perhaps a marker.")
        pins.append(f"{bound['name']}=={bound['version']}{bound['marker'] or ''}")
    return pins


def needed() -> list[str]:
    """Return what BollyLive needs at run time, as pyproject.toml has it."""
    requirements: list[str] = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]["dependencies"]
    return requirements


if __name__ == "__main__":
    sys.stdout.write("".join(f"{pin}\n" for pin in lowest(needed())))
