"""python-rtmidi, which has builds for Python up to 3.12: the only module that imports it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, cast

import rtmidi
from rtmidi import _rtmidi

from bollylive.io.midi_clients import InClient, OutClient

ERRORS: Final[tuple[type[Exception], ...]] = (rtmidi.RtMidiError, NotImplementedError, ValueError)

_CONSTANTS: Final = {
    "alsa": "API_LINUX_ALSA",
    "jack": "API_UNIX_JACK",
    "core": "API_MACOSX_CORE",
    "winmm": "API_WINDOWS_MM",
}
_LIST_TRIES: Final = 3


class _Input(rtmidi.MidiIn):  # type: ignore[misc]
    def get_ports(self) -> list[str]:
        return _listed(super().get_ports)


class _Output(rtmidi.MidiOut):  # type: ignore[misc]
    def get_ports(self) -> list[str]:
        return _listed(super().get_ports)


def has_system(system: str) -> bool:
    """See `MidiLibrary`."""
    return _constant(system) in rtmidi.get_compiled_api()


def new_input(system: str, client_name: str, queue_messages: int) -> InClient:
    """See `MidiLibrary`."""
    client = _Input(_constant(system), client_name, queue_messages)
    client.ignore_types(sysex=False, timing=False, active_sense=False)
    return cast(InClient, client)


def new_output(system: str, client_name: str) -> OutClient:
    """See `MidiLibrary`."""
    return cast(OutClient, _Output(_constant(system), client_name))


def shared_library() -> str:
    """See `MidiLibrary`."""
    return str(_rtmidi.__file__)


def _constant(system: str) -> int:
    return int(getattr(rtmidi, _CONSTANTS[system]))


def _listed(look: Callable[[], list[str | None]]) -> list[str]:
    for _ in range(_LIST_TRIES):
        try:
            return [name or "" for name in look()]
        except rtmidi.RtMidiError:  # a port went after it was counted and before it was named
            continue
    return []
