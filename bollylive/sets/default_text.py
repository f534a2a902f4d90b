"""Writes a set file with comments: each setting, given or left out, with its help from the table of settings."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from bollylive.sets.schema import Setting
from bollylive.sets.settings import CHANNEL_SETTINGS, CONTROL_SETTINGS, SET_SETTINGS

_SETTING_WIDTH: Final = 27  # the text before its help

# What stands above the setting with which a group begins.
_SET_HEADINGS: Final = {
    "in_port": """
# MIDI ports, by a part of their name; a list joins several. "virtual" is a port that BollyLive opens itself, as it does
# where you name none. `bollylive ports` lists the others.""",
    "tempo_bpm": """
# Tempo and bar. While your DAW sends MIDI clock, the DAW leads.
# Ableton Link needs a library: pip install 'bollylive[link]'""",
    "model": """
# How the model plays.""",
    "horizon_beats": """
# When the model plays.""",
    "default_role": """
# The instruments.""",
}
_CHANNEL_HEADINGS: Final = {
    "channel": """
# Each instrument has a table. It needs only its channel; every other line may be left out.
#
# [[channel]]""",
    "sound_program": """\
#                             only for a sound that is not General MIDI's, or that comes late:""",
}
_CONTROL_HEADINGS: Final = {
    "cc": """
# Each command has a table: a controller, a key or a program change, which is then not music.
#
# [[control]]"""
}


def set_text(table: Mapping[str, Any]) -> str:
    """The text of a set file with the values of `table`, which is what a TOML reader gives for a legal set."""
    explained: set[tuple[str, ...]] = set()  # the lists of words whose meanings have been given
    lines = [
        *_explained(SET_SETTINGS, table, _SET_HEADINGS, explained),
        *_explained(CHANNEL_SETTINGS, {}, _CHANNEL_HEADINGS, explained),
        *_tables("channel", table),
        *_explained(CONTROL_SETTINGS, {}, _CONTROL_HEADINGS, explained),
        *_tables("control", table),
    ]
    return "".join(f"{line}\n" for line in lines)


def _explained(
    settings: Mapping[str, Setting],
    given: Mapping[str, Any],
    headings: Mapping[str, str],
    explained: set[tuple[str, ...]],
) -> Iterator[str]:
    """A line for each setting; one that is not given is a comment. Each list of words is explained only once."""
    for name, known in settings.items():
        if name in headings:
            yield headings[name]
        value = given.get(name, known.default if known.example is None else known.example)
        line = f"{'' if name in given else '# '}{name} = {_toml(value)}"
        words = tuple(known.kind.words)
        legal = known.legal_range or (", ".join(map(_toml, words)) if words in explained else "")
        yield f"{line:{_SETTING_WIDTH}} # {known.help_line}{f' ({legal})' if legal else ''}{'' if known.live else ' *'}"
        if words not in explained:
            width = max(map(len, words), default=0) + 4
            yield from (f"#   {_toml(word):{width}}{meaning}" for word, meaning in known.kind.words.items())
            explained.add(words)


def _tables(name: str, table: Mapping[str, Any]) -> Iterator[str]:
    """The tables `[[name]]` as they are."""
    for entry in table.get(name, []):
        yield from ["", f"[[{name}]]", *(f"{key} = {_toml(value)}" for key, value in entry.items())]


def _toml(value: object) -> str:
    """A value of a set as TOML writes it."""
    if isinstance(value, Mapping):
        return f"{{ {', '.join(f'{key} = {_toml(inner)}' for key, inner in value.items())} }}"
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    return json.dumps(value, ensure_ascii=False)  # of texts, numbers and switches this is TOML too
