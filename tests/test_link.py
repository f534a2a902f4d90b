"""Ableton Link: real peers in a network of their own, that is only a loopback, so nobody else ever hears of them."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import pytest

from bollylive.errors import LinkError
from bollylive.link import link_library

HERE = Path(__file__).parent
LOOPBACK = "ip link set lo up multicast on && ip route add 224.0.0.0/4 dev lo"


def unavailable(reason: str) -> NoReturn:
    (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)


@pytest.fixture(scope="module")
def alone() -> list[str]:
    """What stands before a command so that it runs in a network of its own."""
    if importlib.util.find_spec("link") is None:
        unavailable("LinkPython-extern is not installed.")
    if shutil.which("unshare") is None or shutil.which("ip") is None:
        unavailable("unshare (util-linux) and ip (iproute2) are not installed.")
    # Who is not root may have a network of their own only together with a user of their own.
    for unshare in (["unshare", "--net"], ["unshare", "--map-root-user", "--net"]):
        inside = [*unshare, "sh", "-c", f'{LOOPBACK} && exec "$@"', "sh"]
        if subprocess.run([*inside, "true"], capture_output=True, check=False).returncode == 0:
            return inside
    unavailable("This system gives nobody a network of their own.")


@pytest.mark.slow
def test_a_link_session_is_followed_and_never_led(alone: list[str]) -> None:
    command = [*alone, sys.executable, str(HERE / "link_meeting.py")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(HERE.parent), *filter(None, sys.path)])}
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    numbers = {name: told.pop(name) for name in ("their tempo is theirs", "tempo kept", "tempo stays", "least step")}
    assert told == dict.fromkeys(told, True)
    assert numbers["their tempo is theirs"] == pytest.approx(140)
    assert numbers["tempo kept"] == numbers["tempo stays"] == pytest.approx(100, abs=0.01)
    assert numbers["least step"] >= 0


def test_without_its_library_link_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "link", None)
    with pytest.raises(LinkError, match=r"pip install 'bollylive\[link\]'"):
        link_library()
