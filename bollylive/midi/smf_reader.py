"""Read a standard MIDI file as the messages of its tracks, damaged ones as far as possible.

A chunk's length is believed where the file goes on properly after it: with another chunk, with its end, or after an
End of Track. So bytes that look like a track in the middle of one, in a text or a SysEx, are none. Everywhere else
reading goes on at the next `MTrk`.

Tracks beyond the number in the header are what an earlier, longer file left behind in its place.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from bollylive.midi.smf_header import Header, read_header
from bollylive.midi.smf_messages import RawTrack, read_track

_TRACK: Final = b"MTrk"
_HEAD_BYTES: Final = 8  # of a chunk: its kind and its length
_END_OF_TRACK: Final = b"\xff\x2f\x00"


@dataclass(frozen=True, slots=True)
class RawFile:
    """The header and the tracks of a file, and a sentence for each thing that is wrong with its chunks."""

    header: Header
    tracks: tuple[RawTrack, ...]
    problems: tuple[str, ...]


def read_file(data: bytes) -> RawFile:
    """Read a whole file in time in proportion to its bytes; raises ValueError with the reason if it is no MIDI file."""
    header = read_header(data)
    tracks: list[RawTrack] = []
    wrong_lengths: list[int] = []
    junk_bytes = 0
    at = header.end if _is_chunk(data, header.end) else header.least_end
    while True:
        begin, junk = _next_track(data, at)
        if begin < 0 or 0 < header.tracks == len(tracks):
            break
        track, at, right = _read_chunk(data, begin)
        tracks.append(track)
        junk_bytes += junk
        if not right:
            wrong_lengths.append(len(tracks))
    problems = list(_problems(header, tracks, wrong_lengths, junk_bytes))
    if begin >= 0:
        problems.append(f"there are more tracks than the {header.tracks} of the header: the others are left out.")
    return RawFile(header, tuple(tracks), tuple(problems))


def _next_track(data: bytes, at: int) -> tuple[int, int]:
    """Return where the next track's chunk begins (-1: nowhere), and how many bytes before it belong to no chunk."""
    junk = 0
    while not data.startswith(_TRACK, at):
        if _is_foreign(data, at):
            at = _end_of(data, at)
        else:
            begin = data.find(_TRACK, at)
            if begin < 0:
                return -1, 0
            at, junk = begin, begin - at
    return (at, junk) if at + _HEAD_BYTES <= len(data) else (-1, 0)


def _read_chunk(data: bytes, begin: int) -> tuple[RawTrack, int, bool]:
    """Return the track whose chunk begins here, the byte at which to go on, and whether the chunk's length is right."""
    start, end = begin + _HEAD_BYTES, _end_of(data, begin)
    believed = (
        _is_chunk(data, end) or end == len(data) or (end < len(data) and data.endswith(_END_OF_TRACK, start, end))
    )
    limit = end
    if not believed:
        limit = data.find(_TRACK, start)
        limit = len(data) if limit < 0 else limit
    track = read_track(data, start, limit)
    if track.end == end:
        return track, end, True
    if track.whole:
        padded = believed and data.find(_TRACK, track.end, end) < 0
        return track, end if padded else track.end, padded
    cut_short = end > limit == len(data)
    return track, limit, believed or cut_short


def _is_chunk(data: bytes, at: int) -> bool:
    return data.startswith(_TRACK, at) or _is_foreign(data, at)


def _is_foreign(data: bytes, at: int) -> bool:
    """Whether a chunk of another kind begins here: four letters, and a length after which the file goes on or ends."""
    if not _is_kind(data[at : at + 4]) or at + _HEAD_BYTES > len(data):
        return False
    end = _end_of(data, at)
    return end == len(data) or _is_kind(data[end : end + 4])


def _is_kind(kind: bytes) -> bool:
    return len(kind) == 4 and all(0x20 <= byte < 0x7F for byte in kind)


def _end_of(data: bytes, at: int) -> int:
    return at + _HEAD_BYTES + int.from_bytes(data[at + 4 : at + _HEAD_BYTES], "big")


def _problems(header: Header, tracks: list[RawTrack], wrong_lengths: list[int], junk_bytes: int) -> Iterator[str]:
    if wrong_lengths:
        numbers = ", ".join(map(str, wrong_lengths))
        whose = (
            f"track {numbers} states a wrong length"
            if len(wrong_lengths) == 1
            else f"tracks {numbers} state wrong lengths"
        )
        yield f"{whose}: reading went on at the next track."
    if junk_bytes:
        yield f"what stands between the tracks ({junk_bytes} bytes) belongs to none: it was skipped."
    if len(tracks) < header.tracks:
        yield f"the header promises {header.tracks} tracks, but there are {len(tracks)}."
    for number, track in enumerate(tracks, start=1):
        if track.system_messages:
            yield f"track {number} holds clock or other system messages, which no file may: they were skipped."
