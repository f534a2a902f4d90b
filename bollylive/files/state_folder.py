"""The folder in which the program keeps what it writes by itself, and the check that nobody else can use it."""

from __future__ import annotations

import errno
import os
import stat
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

_OTHERS: Final = 0o077  # the rights of everybody but the owner
_OTHERS_WRITE: Final = 0o022


def state_folder(platform: str = sys.platform, environment: Mapping[str, str] = os.environ) -> Path:
    """Return this user's state folder; without a home, one that may be gone after a restart of the machine.

    Source: XDG Base Directory Specification 0.8 (XDG_STATE_HOME must be absolute); Apple's File System Programming
    Guide (Application Support); Windows' known folder LocalAppData.
    """
    home = _home(environment)
    state = Path(environment.get("XDG_STATE_HOME", ""))
    if platform == "win32":
        local = Path(environment.get("LOCALAPPDATA", ""))
        return (local if local.is_absolute() else (home or _temporary()) / "AppData" / "Local") / "BollyLive"
    if platform == "darwin" and home is not None:
        return home / "Library" / "Application Support" / "BollyLive"
    if platform != "darwin" and state.is_absolute():
        return state / "bollylive"
    if home is not None:
        return home / ".local" / "state" / "bollylive"
    # Its name holds the user, so that users do not get in each other's way.
    return _temporary() / f"bollylive-{os.getuid() if hasattr(os, 'getuid') else 'user'}"


def make_private(folder: Path) -> None:
    """Create a folder in the state folder, or take the existing one, so that only this user can open either. Blocks.

    Wider rights are taken away. Raises OSError if that is impossible, or if a folder, or a link to it, belongs to
    another user, who could read what lies there, or replace it.
    """
    for place in (folder.parent, folder):
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        if sys.platform == "win32":
            continue  # the folder of the user's profile has its own rights there
        if not _is_ours(place):
            raise PermissionError(errno.EPERM, f"{place} belongs to another user", str(place))
        if stat.S_IMODE(place.stat().st_mode) & _OTHERS:
            place.chmod(0o700)
            if stat.S_IMODE(place.stat().st_mode) & _OTHERS:
                raise PermissionError(errno.EPERM, f"{place} is open to other users, on a disk without rights")


def is_private(folder: Path) -> bool:
    """Return whether a folder exists, belongs to this user, and can be written by nobody else. Blocks, never raises."""
    try:
        status = folder.stat()
        return stat.S_ISDIR(status.st_mode) and (
            sys.platform == "win32" or (_is_ours(folder) and not stat.S_IMODE(status.st_mode) & _OTHERS_WRITE)
        )
    except (OSError, ValueError):  # not there, or a name that no folder can have
        return False


def _is_ours(folder: Path) -> bool:
    """Whether the folder, and the link to it if it is one, belong to this user."""
    return {folder.lstat().st_uid, folder.stat().st_uid} == {os.geteuid()}


def _home(environment: Mapping[str, str]) -> Path | None:
    """Return the user's home; None for a user without one, as in some containers."""
    home = Path(environment.get("HOME", ""))
    if home.is_absolute():
        return home
    try:
        if sys.platform == "win32":
            return Path.home()
        import pwd  # not on Windows

        home = Path(pwd.getpwuid(os.getuid()).pw_dir)
    except (RuntimeError, KeyError):
        return None
    return home if home.is_absolute() else None


def _temporary() -> Path:
    return Path(tempfile.gettempdir())
