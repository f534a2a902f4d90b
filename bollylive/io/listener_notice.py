"""Tells the musician that nobody is connected to our outputs, so that nothing is heard, and when somebody is."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Final

from bollylive.io.port_names import is_a_band
from bollylive.io.sources_and_sinks import TimedEvent

WAIT_S: Final = 1.0  # who connects ports by themselves have done so by then
_MOST_NAMES: Final = 3
_CABLE: Final = re.compile("Midi Through|VirMIDI")  # ALSA's own ports, which nothing sounds at

# A synthesiser that can be had for each system that shows its connections: how to start it, and what `--out` calls it.
_SYNTHESISERS: Final = {
    "alsa": ("fluidsynth -s -i -a pulseaudio -m alsa_seq SOUNDFONT.sf2", "FLUID"),
    "jack": ("fluidsynth -s -i -j -a jack -m jack SOUNDFONT.sf2", "fluidsynth"),
}


class ListenerNotice:
    """A `Source` without events. Each time that nobody has listened for a second it says so, and once somebody does.

    `output` is the name of our own output, and `listeners` returns how many listen, None if that cannot be seen. The
    first time it also says `how`, as `how_to_hear` gives it. One thread.
    """

    def __init__(self, output: str, listeners: Callable[[], int | None], how: str) -> None:
        self._output, self._listeners, self._how = output, listeners, how
        self._alone_s: float | None = None  # since when nobody has listened
        self._told = False

    def poll(self, _now_s: float) -> list[TimedEvent]:
        """Return nothing."""
        return []

    def check(self, now_s: float, *, calm: bool = True) -> list[str]:  # noqa: ARG002 - it takes no time
        """Return a sentence if there is something to say."""
        listeners = self._listeners()
        if listeners is None:
            return []
        if listeners:
            told, self._told, self._alone_s = self._told, False, None
            return ["Something is connected now, so the band is heard."] if told else []
        if self._alone_s is None:
            self._alone_s = now_s
        if self._told or now_s - self._alone_s < WAIT_S:
            return []
        self._told = True
        how, self._how = self._how, ""
        return [f"Nothing is connected to '{self._output}', so nobody hears the band{how}."]

    def close(self) -> None:
        """Do nothing: nothing is open."""


def how_to_hear(api: str, sinks: Iterable[str]) -> str:
    """Return the end of a sentence: how to hear the band through one of the `sinks` that can be joined."""
    sinks = [name for name in sinks if name and not is_a_band(name) and not _CABLE.search(name)]
    if sinks:
        one = " or ".join(f"--out '{name}'" for name in sinks[:_MOST_NAMES])
        return f"; connect it in your DAW, or end this (Ctrl-C) and start it with {one}"
    if api in _SYNTHESISERS:
        command, part = _SYNTHESISERS[api]
        return (
            f"; connect it in your DAW, or start a synthesiser ({command}), end this (Ctrl-C) and start it with "
            f"--api {api} --out {part}"
        )
    return "; connect it in your DAW"
