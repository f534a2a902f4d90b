"""MIDI bytes to `Event`s, and back.

Message lengths and status bytes are those of the MIDI 1.0 Detailed Specification (M1, 4.2.1).
"""

from __future__ import annotations

from collections.abc import Sequence

from bollylive.midi.messages import (
    ALL_NOTES_OFF,
    RESET_CONTROLLERS,
    Continue,
    Control,
    Event,
    NoteOff,
    NoteOn,
    Position,
    Program,
    Raw,
    Start,
    Stop,
    Tick,
)

SYSEX_LIMIT_BYTES = 65_536  # a SysEx that never ends must not fill the memory

_NOTE_OFF, _NOTE_ON, _KEY_PRESSURE, _CONTROL, _PROGRAM, _CHANNEL_PRESSURE = 0x80, 0x90, 0xA0, 0xB0, 0xC0, 0xD0
_SYSEX, _TIME_CODE, _POSITION, _SONG_SELECT, _TUNE_REQUEST, _SYSEX_END = 0xF0, 0xF1, 0xF2, 0xF3, 0xF6, 0xF7
_REALTIME: dict[int, Event] = {0xF8: Tick(), 0xFA: Start(), 0xFB: Continue(), 0xFC: Stop()}
_REALTIME_BYTES: dict[type[Event], bytes] = {type(event): bytes([status]) for status, event in _REALTIME.items()}
_SYSTEM_RESET = 0xFF
_DATA_BYTES = {_POSITION: 2, _TIME_CODE: 1, _SONG_SELECT: 1}
SYSTEM_RESET: tuple[Event, ...] = tuple(
    Control(channel, number, 0) for number in (RESET_CONTROLLERS, ALL_NOTES_OFF) for channel in range(16)
)


class Parser:
    """Parses the byte stream of one input, which may come in pieces of any size. For one thread.

    Time code, song select, tune request and active sensing mean nothing here and give no event. A System Reset gives
    what it means on each channel: the controllers return to rest, and all notes end.
    `dropped` counts what is not MIDI: stray data bytes, truncated messages, undefined status bytes.
    """

    def __init__(self) -> None:
        self.dropped = 0
        self._message = bytearray()  # the unfinished message: its status and the data so far
        self._running = 0  # the running status, or 0 if there is none

    def feed(self, data: Sequence[int]) -> list[Event]:
        """Return the events that `data` completes, in order. Never raises, whatever the bytes."""
        events: list[Event] = []
        for byte in data:
            if byte == _SYSTEM_RESET:
                events += SYSTEM_RESET
            elif (event := self._byte(byte)) is not None:
                events.append(event)
        return events

    def _byte(self, byte: int) -> Event | None:
        if 0xF8 <= byte <= 0xFF:  # realtime bytes may stand inside any other message
            return _REALTIME.get(byte)
        if 0x80 <= byte < 0xF8:
            return self._status(byte)
        if not 0 <= byte < 0x80:
            self.dropped += 1
            return None
        return self._data(byte)

    def _status(self, status: int) -> Event | None:
        if status == _SYSEX_END and self._message[:1] == bytes([_SYSEX]):
            event = Raw(bytes(self._message) + b"\xf7")
            self._message.clear()
            return event
        self.dropped += bool(self._message)
        self._message.clear()
        self._running = status if status < _SYSEX else 0
        if status < _SYSEX or status == _SYSEX or status in _DATA_BYTES:
            self._message.append(status)
        elif status != _TUNE_REQUEST:
            self.dropped += 1
        return None

    def _data(self, byte: int) -> Event | None:
        message = self._message
        if not message:
            if not self._running:
                self.dropped += 1
                return None
            message.append(self._running)
        message.append(byte)
        status = message[0]
        if status == _SYSEX:
            if len(message) > SYSEX_LIMIT_BYTES:
                message.clear()
                self.dropped += 1
            return None
        if len(message) <= _data_bytes(status):
            return None
        event = _parse(bytes(message))
        message.clear()
        return event


def to_bytes(event: Event) -> bytes:
    """Return the bytes of one event; raises ValueError for a `Tempo`, which has none, and for values out of range."""
    match event:
        case NoteOn(channel, pitch, velocity) if velocity > 0:
            return _encode(_NOTE_ON, channel, pitch, velocity)
        case NoteOff(channel, pitch, velocity):
            return _encode(_NOTE_OFF, channel, pitch, velocity)
        case Control(channel, number, value):
            return _encode(_CONTROL, channel, number, value)
        case Program(channel, program):
            return _encode(_PROGRAM, channel, program)
        case Position(sixteenths):
            return _encode(_POSITION, 0, sixteenths & 0x7F, sixteenths >> 7)
        case Raw(data):
            return data
        case Tick() | Start() | Continue() | Stop():
            return _REALTIME_BYTES[type(event)]
    raise ValueError(f"{event} has no MIDI message.")


def state_key(event: Event) -> tuple[int, ...]:
    """Return which state of the receiver an event sets: the state of a key, a controller, a program, or a wheel.

    Of two events with the same key, the later one replaces the earlier. Note-on and note-off share the key of their
    pitch. A SysEx has a key of its own; clock and transport messages set no state, and give an empty tuple.
    """
    match event:
        case NoteOn(channel, pitch) | NoteOff(channel, pitch):
            return _NOTE_ON | channel, pitch
        case Control(channel, number):
            return _CONTROL | channel, number
        case Program(channel):
            return (_PROGRAM | channel,)
        case Raw(data) if data[0] < _SYSEX:
            return tuple(data[:2] if data[0] & 0xF0 == _KEY_PRESSURE else data[:1])
        case Raw(data):
            return tuple(data)
    return ()


def _data_bytes(status: int) -> int:
    if status >= _SYSEX:
        return _DATA_BYTES[status]
    return 1 if _PROGRAM <= status < _CHANNEL_PRESSURE + 0x10 else 2


def _parse(message: bytes) -> Event | None:
    kind, channel = message[0] & 0xF0, message[0] & 0x0F
    if message[0] == _POSITION:
        return Position(message[1] + 128 * message[2])
    if message[0] >= _SYSEX:
        return None
    if kind == _NOTE_ON and message[2] > 0:
        return NoteOn(channel, message[1], message[2])
    if kind == _NOTE_ON:
        return NoteOff(channel, message[1])
    if kind == _NOTE_OFF:
        return NoteOff(channel, message[1], message[2])
    if kind == _CONTROL:
        return Control(channel, message[1], message[2])
    if kind == _PROGRAM:
        return Program(channel, message[1])
    return Raw(message)


def _encode(status: int, channel: int, *data: int) -> bytes:
    if not 0 <= channel < 16 or not all(0 <= value < 128 for value in data):
        raise ValueError(f"Channel {channel} must be 0-15, and the data {data} of a MIDI message 0-127.")
    return bytes([status | channel, *data])
