"""Limits the size, depth and length of a set's text, in one pass before the TOML reader sees it.

Python's TOML reader has no limits of its own: it recurses with each bracket, takes quadratic time for a key with many
parts, and raises various errors for a number with thousands of digits. A band that plays reads its set again when the
file is saved, so the answer must come soon and be a sentence. Quoted text and comments count only by their length.
"""

from __future__ import annotations

import re
from typing import Final

MOST_BYTES: Final = 64 * 1024
MOST_IN_A_ROW: Final = 128  # the characters of a number or of a key without quotes
MOST_DEPTH: Final = 16
MOST_PARTS: Final = 16
MOST_VALUES: Final = 4096
MOST_TABLES: Final = 1024

_TOKEN: Final = re.compile(
    r'''
      (?P<text> """ (?: [^"\\] | \\. | "(?!"") )*+ (?: "{3,5} | \Z )
              | \'\'\' .*? (?: '{3,5} | \Z )
              | " (?: [^"\\\n] | \\[^\n] )*+ "?
              | ' [^'\n]*+ '?
              | \#[^\n]*+ )
    | (?P<row> [A-Za-z0-9_+-]++ )
    | (?P<sign> [][{}=.,\n] )
    ''',
    re.VERBOSE | re.DOTALL,
)


def check_text_limits(text: str) -> None:
    """Raise ValueError if a text exceeds what any set needs; the sentence begins with the number of the line."""
    if len(text) > MOST_BYTES:
        raise ValueError(f"the set is larger than {MOST_BYTES // 1024} KiB; keep only its settings.")
    scan = _Scan()
    for token in _TOKEN.finditer(text):
        found = token[0]
        problem = scan.problem_of(found, token.lastgroup == "sign")
        if token.lastgroup == "row" and len(found) > MOST_IN_A_ROW:
            problem = f"a number or key has {len(found)} characters in a row; at most {MOST_IN_A_ROW} are allowed."
        if problem:
            raise ValueError(f"line {text.count(chr(10), 0, token.start()) + 1}: {problem}")


class _Scan:
    """The counts up to a place in the text."""

    def __init__(self) -> None:
        self._depth = self._parts = self._values = self._tables = 0
        self._in_value = False  # after `=`: only there an open bracket may go on over several lines

    def problem_of(self, found: str, is_sign: bool) -> str | None:
        if not is_sign:
            return None
        if found == ".":
            self._parts += 1
            return _too_many("parts of one key, with dots between them", self._parts + 1, MOST_PARTS)
        self._parts = 0
        if found == "\n":
            if not self._in_value:
                self._depth = 0
            self._in_value = self._in_value and self._depth > 0
            return None
        if found in "=,":
            self._in_value = self._in_value or found == "="
            self._values += 1
            return _too_many("values", self._values, MOST_VALUES)
        if found in "[{":
            self._depth += 1
            if self._depth == 1 and not self._in_value:
                self._tables += 1
            return _too_many("brackets within each other", self._depth, MOST_DEPTH) or _too_many(
                "tables", self._tables, MOST_TABLES
            )
        if found in "]}":
            self._depth = max(0, self._depth - 1)
        return None


def _too_many(what: str, count: int, most: int) -> str | None:
    return f"there are more than {most} {what}; nothing in a set needs that many." if count > most else None
