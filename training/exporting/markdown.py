"""Paragraphs and tables as cards have them."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence


def wrap(text: str) -> str:
    """A paragraph in lines of at most 115 characters; no word is broken."""
    return textwrap.fill(text, 115, break_long_words=False, break_on_hyphens=False)


def table(titles: Sequence[str], rows: Iterable[Sequence[str]], numbers: slice = slice(1, None)) -> str:
    """A table of GitHub's Markdown; the columns of `numbers`, by default all but the first, are aligned right."""
    rules = ["---"] * len(titles)
    rules[numbers] = ["---:"] * len(rules[numbers])
    lines = [_line(titles), f"|{'|'.join(rules)}|", *map(_line, rows)]
    return "\n".join(lines)


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
