"""supriya-midi, which has builds for Python 3.11 to 3.15: the only module that imports it.

It does four things otherwise than python-rtmidi, which are made alike here:

    errors       RtMidi calls a function for each warning and error. An exception from there would leave RtMidi in the
                 middle of its work, and it would never report anything again. So the function only keeps the text, and
                 it is raised when RtMidi has returned.
    no server    A client without a JACK server is made, and does nothing. So each client is tried at once.
    lost output  That the JACK server has gone, or that no port is open, is told once; here, for every message.
    names        A port whose name is not UTF-8 would spoil the whole list. Its bad bytes are left out.
"""

from __future__ import annotations

import warnings
from typing import Final, Generic, TypeVar

from supriya_midi import MidiIn, MidiOut, RtMidiAPI, RtMidiError, get_compiled_api_by_name, rtmidi_ext

from bollylive.io.midi_clients import InClient, OutClient

ERRORS: Final[tuple[type[Exception], ...]] = (RtMidiError, RuntimeError, ValueError)

_TOLD_ONCE: Final = "messages are being dropped"

EndT = TypeVar("EndT", MidiIn, MidiOut)


class _Client(Generic[EndT]):
    def __init__(self, end: EndT) -> None:
        self._end: EndT = end
        self._reports: list[str] = []
        end.set_error_callback(_keep, self._reports)
        end.get_port_count()
        self._raise_reports()

    def get_ports(self) -> list[str]:
        names = [self._name_of(number) for number in range(self._end.get_port_count())]
        self._reports.clear()  # a port went after it was counted
        return names

    def open_port(self, port: int, name: str) -> None:
        self._reports.clear()
        self._end.open_port(port, name)
        try:
            self._raise_reports()
        except RtMidiError:
            self.close_port()  # it counts as open
            raise

    def open_virtual_port(self, name: str) -> None:
        self._reports.clear()
        self._end.open_virtual_port(name)
        self._raise_reports()

    def close_port(self) -> None:
        self._end.close_port()
        for text in self._reports:  # messages were still waiting to be sent, and are lost
            warnings.warn(text, RuntimeWarning, stacklevel=2)
        self._reports.clear()

    def delete(self) -> None:
        self._end.delete()

    def _name_of(self, number: int) -> str:
        try:
            return self._end.get_port_name(number)
        except UnicodeDecodeError as error:
            return error.object.decode("utf-8", "ignore")

    def _raise_reports(self) -> None:
        if self._reports:
            text = " ".join(self._reports)
            self._reports.clear()
            raise RtMidiError(text)


class _Input(_Client[MidiIn]):
    def get_message(self) -> tuple[list[int], float] | None:
        return self._end.get_message()


class _Output(_Client[MidiOut]):
    def __init__(self, end: MidiOut) -> None:
        super().__init__(end)
        self._refusal: RtMidiError | None = None

    def open_port(self, port: int, name: str) -> None:
        self._refusal = None
        super().open_port(port, name)

    def send_message(self, message: bytes) -> None:
        if self._refusal is not None:
            raise self._refusal
        self._end.send_message(message)
        try:
            self._raise_reports()
        except RtMidiError as error:
            if _TOLD_ONCE in str(error):
                self._refusal = error
            raise


def has_system(system: str) -> bool:
    """See `MidiLibrary`."""
    return get_compiled_api_by_name(system) != RtMidiAPI.UNSPECIFIED


def new_input(system: str, client_name: str, queue_messages: int) -> InClient:
    """See `MidiLibrary`."""
    client = MidiIn(get_compiled_api_by_name(system), client_name, queue_messages)
    client.ignore_types(sysex=False, timing=False, active_sense=False)
    return _Input(client)


def new_output(system: str, client_name: str) -> OutClient:
    """See `MidiLibrary`."""
    return _Output(MidiOut(get_compiled_api_by_name(system), client_name))


def shared_library() -> str:
    """See `MidiLibrary`."""
    return str(rtmidi_ext.__file__)


def _keep(_kind: object, text: str, reports: list[str]) -> None:
    reports.append(text)
