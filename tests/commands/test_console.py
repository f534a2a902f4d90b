"""Printing in the background: a terminal that takes nothing holds up nobody."""

from __future__ import annotations

import sys
import threading
from typing import TextIO

import pytest

from bollylive import console
from bollylive.console import BackgroundPrinter


class Terminal:
    """A terminal that is stopped, as with Ctrl-S, until `go`."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, TextIO | None]] = []
        self.asked, self._goes_on = threading.Event(), threading.Event()

    def go(self) -> None:
        self._goes_on.set()

    def print_line(self, text: str, stream: TextIO | None) -> None:
        self.asked.set()
        self._goes_on.wait()
        self.lines.append((text, stream))


def test_lines_are_printed_in_order_on_the_stream_that_they_are_for() -> None:
    terminal = Terminal()
    terminal.go()
    printer = BackgroundPrinter(terminal.print_line)
    printer.put("ready", sys.stdout)
    printer.put("a problem", sys.stderr)
    assert printer.finish(60.0)
    assert terminal.lines == [("ready", sys.stdout), ("a problem", sys.stderr)]


def test_a_terminal_that_is_stopped_is_not_waited_for_and_what_found_no_room_is_counted() -> None:
    terminal = Terminal()
    printer = BackgroundPrinter(terminal.print_line, most_waiting=3)
    printer.put("0", sys.stdout)
    terminal.asked.wait()
    for i in range(1, 9):
        printer.put(str(i), sys.stdout)
    assert not printer.finish(0.0)
    assert not printer.finish(0.001)
    printer.put("after the end", sys.stdout)
    terminal.go()
    assert printer.finish(60.0)
    assert [text for text, _ in terminal.lines] == [
        *"0123",
        "(5 lines are left out here, because nothing could be printed.)",
    ]


def test_lines_that_come_after_lines_that_were_left_out_say_so() -> None:
    terminal = Terminal()
    printer = BackgroundPrinter(terminal.print_line, most_waiting=1)
    printer.put("0", sys.stdout)
    terminal.asked.wait()
    printer.put("1", sys.stdout)
    printer.put("2", sys.stdout)
    terminal.go()
    while len(terminal.lines) < 2:
        pass
    printer.put("3", sys.stderr)
    assert printer.finish(60.0)
    said = [text for text, _ in terminal.lines]
    assert said == ["0", "1", "(1 lines are left out here, because nothing could be printed.)", "3"]


def test_a_command_may_print_in_the_background_and_end_with_everything_printed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    console.print_in_background()
    console.say("ready")
    console.complain("one", "two")
    assert console.finish_printing()
    console.say("now at once")
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("ready\nnow at once\n", "bollylive: one\nbollylive: two\n")
