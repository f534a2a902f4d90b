"""Which BollyLive `bench` measures, and with what."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bollylive.bench.probe import Probe
from bollylive.io.port_set import PortSet


@dataclass(frozen=True, slots=True)
class Version:
    """The BollyLive that is measured, this one or that in a folder `home`, with a MIDI system and a model."""

    api: str
    model: str
    home: Path | None = None

    def jam(self, folder: Path, *options: str) -> Probe:
        """Return a jam that writes a journal, as on stage, but not into the musician's own folder."""
        given = ("--api", self.api, "--model", self.model, "--journal", str(folder / "journals"))
        return Probe("bollylive", "jam", *given, *options, home=self.home)


def system_of(api: str | None) -> str:
    """Return the MIDI system, the first that answers for None; raises PortError."""
    ports = PortSet(api)
    ports.close()
    return ports.api
