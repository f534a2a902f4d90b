"""The talas that an arrangement can be in: vibhags, theka, its common variations (prakar), and fills into sam.

Thekas are those of the OpenRaga tables (CC BY 4.0). The variations are standard teaching material:
keherwa from taalgyan.com (Keherwa) and Courtney's bhajani theka (chandrakantha.com), dadra from tablanotes.com and
tablatheka.com (Dadra), rupak from sikhiwiki.org (Rupak Taal); those of the other talas are their theka with
some matras doubled, as any teacher shows. Kit grooves carry the tala as film orchestras do: the bass drum where the
bayan speaks, the snare or side stick where the dayan rings against it.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Tala:
    """A cycle: vibhags in matras, the khali ones by index, lines of bols (the theka first), kit grooves.

    Prakars may take two cycles (bhajani theka does); laggis are lines at double pace. A groove maps a General MIDI key
    to one character for each matra: `X` accented, `x` plain, `.` silent.
    """

    name: str
    vibhags: tuple[int, ...]
    khali: tuple[int, ...]
    theka: str
    prakars: tuple[str, ...] = ()
    laggis: tuple[str, ...] = ()
    grooves: tuple[dict[int, str], ...] = field(default=())

    @property
    def matras(self) -> int:
        """Matras to the cycle."""
        return sum(self.vibhags)

    @property
    def starts(self) -> list[int]:
        """The matra, from 0, at which each vibhag begins."""
        return [sum(self.vibhags[:i]) for i in range(len(self.vibhags))]


KICK, STICK, SNARE, HAT, OPEN_HAT = 36, 37, 38, 42, 46

TALAS = {
    tala.name: tala
    for tala in (
        Tala(
            "keherwa",
            (4, 4),
            (1,),
            "Dha Ge Na Ti | Na Ka Dhin Na",
            (
                "Dha Ti Dha S | Ta Ti Ta S",
                "Dhin Tak Ta Ta | Tin Tak Ta Ta",
                "Dha Ge Na Ti | NaNa Ka Dhin Na",
                "Dhin S Na Dhin | S Dhin Na S | Tin S Na Tin | S Tin Na S",
            ),
            (
                "DhaGe NaTi NaKe DhinNa | DhaGe NaTi NaKe DhinNa",
                "DhinS NaDhin SDhin NaS | TinS NaTin STin NaS",
                "DhaTe TeDha NaTi GeNa | TaTe TeKe NaTi KeNa",
                "DhaDhin NaTe TaTin NaTe | DhaDhin NaTe TaTin NaTe",
            ),
            (
                {KICK: "X..x..x.", SNARE: "..X...X.", HAT: "xxxxxxxx"},
                {KICK: "X..x.x..", SNARE: "..X...X.", HAT: "xxxxxxxx"},
                {KICK: "X.x.X.x.", STICK: "..x...x.", HAT: ".x.x.x.x"},
                {KICK: "X...X...", STICK: "...x..x.", HAT: "x.x.x.x."},
            ),
        ),
        Tala(
            "dadra",
            (3, 3),
            (1,),
            "Dha Dhin Na | Dha Tin Na",
            (
                "Dha Dhin Na | Na Tin Na",
                "DhaTi Dha Tin | TaTi Dha Dhin",
                "DhiNa Dhin Na | TiNa Dhin Na",
            ),
            (
                "DhaGe TiNa KeNa | TaKe DhiNa GeNa",
                "DhaTi DhaDha TiNa | TaTi DhaDha DhiNa",
            ),
            (
                {KICK: "X..x..", STICK: "..x..x", HAT: "xxxxxx"},
                {KICK: "X....x", SNARE: "...X..", HAT: "x.xx.x"},
            ),
        ),
        Tala(
            "rupak",
            (3, 2, 2),
            (0,),
            "Tin Tin Na | Dhin Na | Dhin Na",
            ("Tin Tin Na | Dhin NaNa | Dhin NaNa",),
            ("Tin Tin NaNa | DhinDhin DhaDha | DhinDhin DhaDha",),
            ({KICK: "X..x.x.", STICK: "..x.x.x", HAT: "xxxxxxx"},),
        ),
        Tala(
            "tintal",
            (4, 4, 4, 4),
            (2,),
            "Dha Dhin Dhin Dha | Dha Dhin Dhin Dha | Dha Tin Tin Ta | Ta Dhin Dhin Dha",
            (
                "Dha Dhin Dhin Dha | Dha Dhin Dhin Dha | Na Tin Tin Na | TeTe Dhin Dhin Dha",
                "Dha Dhin Dhin DhaDha | Dha Dhin Dhin DhaDha | Dha Tin Tin TaTa | Ta Dhin Dhin DhaDha",
            ),
        ),
        Tala(
            "jhaptal",
            (2, 3, 2, 3),
            (2,),
            "Dhi Na | Dhi Dhi Na | Ti Na | Dhi Dhi Na",
            ("Dhi NaNa | Dhi Dhi NaNa | Ti NaNa | Dhi Dhi NaNa",),
        ),
        Tala(
            "ektal",
            (2, 2, 2, 2, 2, 2),
            (1, 3),
            "Dhin Dhin | DhaGe TeReKeTe | Tu Na | Kat Ta | DhaGe TeReKeTe | Dhin Na",
            ("Dhin Dhin | DhaGe TeTe | Tu NaNa | Kat Ta | DhaGe TeTe | Dhin NaNa",),
        ),
        Tala(
            "chautal",
            (2, 2, 2, 2, 2, 2),
            (1, 3),
            "Dha Dha | Din Ta | KeTe Dha | Din Ta | TeTe KaTa | GeTi GeNa",
        ),
        Tala(
            "dhamar",
            (5, 2, 3, 4),
            (2,),
            "Ka Dhi Ta Dhi Ta | Dha S | Ge Ti Ta | Ti Ta Ta S",
        ),
        Tala(
            "deepchandi",
            (3, 4, 3, 4),
            (2,),
            "Dha Dhin S | Dha Dha Tin S | Ta Tin S | Dha Dha Dhin S",
            ("Dha Dhin TeTe | Dha Dha Tin S | Ta Tin TeTe | Dha Dha Dhin S",),
        ),
        Tala(
            "tilwada",
            (4, 4, 4, 4),
            (2,),
            "Dha TeReKeTe Dhin Dhin | Dha Dha Tin Tin | Ta TeReKeTe Dhin Dhin | Dha Dha Dhin Dhin",
        ),
    )
}

# Lines that lead into sam, by what they are; each takes the last matras of a cycle. The tihai says DhaTiDha three
# times with equal gaps, and its last Dha is the sam itself (tablanotes.com, Dadra, tihai 2).
TIHAI = "DhaTe DhaS SDha TeDha SS DhaTe"
SLOW_MUKHRAS = ("TeReKeTe DhaDha", "DhaDha TeReKeTe", "TeTe KeTe DhaTeReKe TeReKeTe")  # for a matra of a beat
MUKHRAS = ("TeTe DhaDha", "DhaDha TeTe DhaTe TeTe", "TeTe KeTe DhaTe TeTe", "S DhaTe TeDha DhaDha", "NaNa TeTe DhaDha")
