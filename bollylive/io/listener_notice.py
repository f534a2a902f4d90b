"""Tells the musician that nobody is connected to our outputs, so that nothing is heard, and when somebody is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from bollylive.io.port_names import is_a_band

WAIT_S: Final = 1.0  # who connects ports by themselves have done so by then
_MOST_NAMES: Final = 3

# A synthesiser that can be had for each system that shows its connections: how to start it, and what `--out` calls it.
_SYNTHESISERS: Final = {
    "alsa": ("fluidsynth -s -i -a pulseaudio -m alsa_seq SOUNDFONT.sf2", "FLUID"),
    "jack": ("fluidsynth -s -i -j -a jack -m jack SOUNDFONT.sf2", "fluidsynth"),
}


class ListenerNotice:
    """Says once each time that nobody has listened for a second, and once when somebody does again.

    The first time it says `how_to_hear`. One thread; `now_s` must not go back.
    """

    def __init__(self, output_name: str, how_to_hear: str) -> None:
        self._output_name, self._how_to_hear = output_name, how_to_hear
        self._alone_s: float | None = None  # since when nobody has listened
        self._told = False

    def look(self, listeners: int | None, now_s: float) -> str | None:
        """Note how many listen, None if that cannot be seen; return a sentence if there is something to say."""
        if listeners is None:
            return None
        if listeners:
            told, self._told, self._alone_s = self._told, False, None
            return f"'{self._output_name}' is connected: you can hear the band." if told else None
        if self._alone_s is None:
            self._alone_s = now_s
        if self._told or now_s - self._alone_s < WAIT_S:
            return None
        self._told = True
        how, self._how_to_hear = self._how_to_hear, ""
        return f"Nothing is connected to '{self._output_name}', so nobody hears the band{how}."


def how_to_hear(api: str, sinks: Iterable[str]) -> str:
    """Return the end of a sentence: how to hear the band through one of the `sinks` that can be joined."""
    sinks = [name for name in sinks if name and not is_a_band(name) and "Midi Through" not in name]
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
