"""The lowest versions that pyproject.toml names are those that `make test-lowest` installs."""

from __future__ import annotations

import pytest
from lowest import lowest, needed


def test_a_bound_becomes_a_pin_with_its_marker() -> None:
    assert lowest(["numpy>=1.26", "python-rtmidi>=1.5.8; python_version < '3.13'"]) == [
        "numpy==1.26",
        "python-rtmidi==1.5.8; python_version < '3.13'",
    ]


@pytest.mark.parametrize("requirement", ["numpy", "numpy>1.26", "numpy~=1.26", "numpy>=1.26,<3"])
def test_a_bound_that_says_something_else_is_refused(requirement: str) -> None:
    with pytest.raises(ValueError, match="must be a name with '>='"):
        lowest([requirement])


def test_everything_that_is_needed_has_a_lowest_version() -> None:
    assert len(lowest(needed())) == len(needed()) > 0
