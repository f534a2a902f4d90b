"""Who plays to nobody is told so, and how to be heard."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bollylive.io.listener_notice import WAIT_S, ListenerNotice, how_to_hear

OUT = "BollyLive Out:out"


def test_that_nobody_listens_is_told_once_with_the_cure_and_so_is_that_somebody_does() -> None:
    listeners = [0]
    notice = ListenerNotice(OUT, lambda: listeners[0], "; connect it")
    assert notice.check(10.0) == []
    told = f"Nothing is connected to '{OUT}', so nobody hears the band"
    assert notice.check(10.0 + WAIT_S) == [f"{told}; connect it."]
    assert notice.check(60.0) == []
    listeners[0] = 1
    assert notice.check(61.0) == ["Something is connected now, so the band is heard."]
    assert notice.check(62.0) == []
    listeners[0] = 0
    assert notice.check(63.0) == []
    assert notice.check(63.0 + WAIT_S) == [f"{told}."]


def test_who_is_connected_within_a_second_and_whose_listeners_cannot_be_seen_is_told_nothing() -> None:
    looks: Iterator[int | None] = iter([0, 1, 1, 0, 1, None, None, None])
    notice = ListenerNotice(OUT, lambda: next(looks), "")
    assert [notice.check(look * WAIT_S / 2) for look in range(8)] == [[]] * 8


@pytest.mark.parametrize(
    ("api", "sinks", "how"),
    [
        (
            "alsa",
            ["Midi Through:Midi Through Port-0 14:0", "Card:VirMIDI 0-0 16:0", "BollyLive In:in 128:0", ""],
            "--api alsa --out FLUID",
        ),
        ("jack", ["BollyLive In-01:in"], "fluidsynth -s -i -j -a jack -m jack SOUNDFONT.sf2"),
        ("jack", ["Moog:in", "Korg:in"], "start it with --out 'Moog:in' or --out 'Korg:in'"),
        ("core", [], "connect it in your DAW"),
    ],
)
def test_how_to_hear_the_band_depends_on_what_is_there(api: str, sinks: list[str], how: str) -> None:
    assert how in how_to_hear(api, sinks)
    assert "BollyLive" not in how_to_hear(api, sinks)
    assert "Through" not in how_to_hear(api, sinks)
