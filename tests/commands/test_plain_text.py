"""What is printed or logged cannot control the terminal."""

from __future__ import annotations

import io
import logging
from pathlib import Path

import pytest

from bollylive.cli import main
from bollylive.console import complain, say
from bollylive.journal.lines import END, Header, header_line
from bollylive.plain_text import PlainFormatter, plain


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Synth \x1b]0;owned\x07", r"Synth \x1b]0;owned\x07"),
        ("a\rb\x7f\x9b2J\0", r"a\x0db\x7f\x9b2J\x00"),
        ("take\u202edim.mid\u2066\u200f", r"take\u202edim.mid\u2066\u200f"),
        ("Hochzeit – शादी\tरे\nगा", "Hochzeit – शादी\tरे\nगा"),
    ],
)
def test_control_characters_are_shown_and_not_sent(text: str, shown: str) -> None:
    assert plain(text) == shown


def test_everything_that_is_printed_is_plain(capsys: pytest.CaptureFixture[str]) -> None:
    say("port \x1b[2J")
    complain("file \x1b[2J")
    assert capsys.readouterr() == ("port \\x1b[2J\n", "bollylive: file \\x1b[2J\n")


def test_everything_that_is_logged_is_plain() -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(PlainFormatter("bollylive engine: %(message)s"))
    try:
        raise ValueError("\x1b[2J")
    except ValueError as error:
        handler.emit(logging.LogRecord("x", 40, "x", 1, "set %s", ("\x9b",), (ValueError, error, error.__traceback__)))
    assert "\x1b" not in stream.getvalue()
    assert stream.getvalue().startswith("bollylive engine: set \\x9b\n")
    assert r"ValueError: \x1b[2J" in stream.getvalue()


def test_the_date_in_a_journal_cannot_control_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    journal = tmp_path / "j.jsonl"
    notes = b'["musician",1.0,0.0,"903c64"]\n["musician",2.0,1.0,"803c64"]\n'
    journal.write_bytes(header_line(Header("\x1b[2J2025")) + notes + END)
    assert main(["recover", str(journal), "--out", str(tmp_path / "o.mid")]) == 0
    assert r"begun \x1b[2J2025" in capsys.readouterr().out
