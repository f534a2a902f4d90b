"""Text from outside, such as the names of ports and files, as a terminal may safely show it.

Everything that is printed or logged passes through here: control characters in a name could otherwise move the cursor,
rename the window, or reverse the reading direction of a line.
"""

from __future__ import annotations

import logging
from typing import Final

# C0 but for tab and line feed, DEL, C1; then the line separators and the bidirectional controls of Unicode (UAX #9).
_CONTROLS: Final = (
    *(code for code in range(0x20) if code not in b"\t\n"),
    *range(0x7F, 0xA0),
    *(0x2028, 0x2029),
    *(0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)),
)
_ESCAPES: Final = {code: f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" for code in _CONTROLS}


def plain(text: str) -> str:
    """Return the text with every control character except tab and line feed written as an escape, such as \\x1b."""
    return text.translate(_ESCAPES)


class PlainFormatter(logging.Formatter):
    """Formats the lines of a log for a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as plain text, with its traceback."""
        return plain(super().format(record))


def log_plainly(program: str) -> None:
    """Let this process log to standard error, each line with the program's name before it."""
    handler = logging.StreamHandler()
    handler.setFormatter(PlainFormatter(f"{program}: %(message)s"))
    logging.basicConfig(handlers=[handler])
