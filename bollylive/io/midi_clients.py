"""What BollyLive needs of a MIDI library: its clients, and how they are made."""

from __future__ import annotations

from typing import Protocol, runtime_checkable


class Client(Protocol):
    """What inputs and outputs have in common. Each method may raise one of its library's `ERRORS`."""

    def get_ports(self) -> list[str]:
        """Return the names of the ports that can be joined; never raises. A port that goes meanwhile has none."""

    def open_port(self, port: int, name: str) -> object:
        """Open the client's port under a name, and join it to the port of that number."""

    def open_virtual_port(self, name: str) -> object:
        """Open the client's port under a name; raises NotImplementedError on Windows."""

    def close_port(self) -> None:
        """Close the client's port, if it has one. May wait for the driver, with the interpreter's lock held."""

    def delete(self) -> None:
        """Leave the MIDI system; nothing may be called afterwards."""


@runtime_checkable
class InClient(Client, Protocol):
    """A client that receives, and is polled."""

    def get_message(self) -> tuple[list[int], float] | None:
        """Return the oldest message, and a time that means nothing; None if there is none."""


class OutClient(Client, Protocol):
    """A client that sends."""

    def send_message(self, message: bytes) -> None:
        """Send one whole message at once."""


class MidiLibrary(Protocol):
    """A module that knows one MIDI library. A system is one of `alsa`, `jack`, `core` and `winmm`."""

    ERRORS: tuple[type[Exception], ...]

    def has_system(self, system: str) -> bool:
        """Return whether the library was built for this MIDI system."""

    def new_input(self, system: str, client_name: str, queue_messages: int) -> InClient:
        """Return a client that receives all messages, SysEx included; raises one of `ERRORS`."""

    def new_output(self, system: str, client_name: str) -> OutClient:
        """Return a client that sends; raises one of `ERRORS`."""

    def shared_library(self) -> str:
        """Return the path of the library's own shared library, through which those that it needs are found."""
