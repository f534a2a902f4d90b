"""MIDI files byte by byte, as no library would write them."""

from __future__ import annotations

END = bytes((0, 0xFF, 0x2F, 0))


def chunk(kind: bytes, body: bytes, length: int | None = None) -> bytes:
    return kind + (len(body) if length is None else length).to_bytes(4, "big") + body


def header(tracks: int, file_format: int = 1, division: int = 4) -> bytes:
    return chunk(b"MThd", b"".join(value.to_bytes(2, "big") for value in (file_format, tracks, division)))


def file_of(*tracks: bytes, file_format: int = 1, division: int = 4) -> bytes:
    """A sound file of the bodies of its tracks, which have no End of Track yet."""
    return header(len(tracks), file_format, division) + b"".join(chunk(b"MTrk", body + END) for body in tracks)


def scale(channel: int, notes: int = 8) -> bytes:
    """A scale, each note one beat long at 4 ticks a beat."""
    return b"".join(bytes((0, 0x90 | channel, 60 + i, 100, 4, 0x80 | channel, 60 + i, 64)) for i in range(notes))


def sysex(*data: int) -> bytes:
    """A SysEx with its time and length, given all between F0 and F7."""
    return bytes((0, 0xF0, len(data) + 1, *data, 0xF7))


def text(words: bytes) -> bytes:
    return bytes((0, 0xFF, 1, len(words))) + words
