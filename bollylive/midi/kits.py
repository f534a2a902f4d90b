"""Which channels of a file are percussion: channel 10, and what a file for GS, XG or GM2 says otherwise.

Sources: Roland SC-88 Pro owner's manual, "Part parameters" (USE FOR RHYTHM PART, 40 1x 15); Yamaha XG Specifications
1.26, "Multi part" (PART MODE, 08 nn 07) and "Voice selection" (banks 126 and 127); General MIDI 2, RP-024 (System On;
banks 120 and 121).
"""

from __future__ import annotations

from typing import Final

from bollylive.midi.instruments import PERCUSSION_CHANNEL

_CONTROL, _PROGRAM, _SYSEX, _BANK = 0xB0, 0xC0, 0xF0, 0
_GS_RESET: Final = bytes((0x40, 0x00, 0x7F, 0x00))
_XG_ON: Final = bytes((0x00, 0x00, 0x7E, 0x00))
_GM2_ON: Final = b"\x09\x03"  # of a universal SysEx
_GM2_BANK, _GM2_MELODIC_BANK = 120, 121
_XG_BANKS: Final = (126, 127)  # effects and drums; on a GS module these banks are the melodic sounds of an MT-32


class KitFinder:
    """Follows the messages of one port, and knows which channels are percussion. For one thread."""

    def __init__(self) -> None:
        self._by_part = {PERCUSSION_CHANNEL: True}  # by channel: whether its part is for drums, whatever its bank
        self._banks: dict[int, int] = {}
        self._is_gs = self._is_gm2 = False

    def hear(self, message: bytes) -> tuple[int, bool] | None:
        """Take the next message; return (channel, whether it is percussion now) if it decides that."""
        status, channel = message[0] & 0xF0, message[0] & 0x0F
        if status == _CONTROL and message[1] == _BANK:
            self._banks[channel] = message[2]
        elif status == _PROGRAM:  # only now the bank counts
            bank = self._banks.get(channel, 0)
            if self._is_gm2 and bank == _GM2_MELODIC_BANK:
                return channel, False
            return channel, self._by_part.get(channel, False) or self._is_kit(bank)
        elif message[0] == _SYSEX:
            return self._hear_sysex(message[1:])
        return None

    def _is_kit(self, bank: int) -> bool:
        return bank == _GM2_BANK or (bank in _XG_BANKS and not self._is_gs)

    def _hear_sysex(self, data: bytes) -> tuple[int, bool] | None:
        if len(data) >= 4 and data[0] == 0x7E and data[2:4] == _GM2_ON:
            self._is_gm2 = True
        elif len(data) >= 8 and data[0] == 0x41 and data[2:4] == b"\x42\x12":
            address = data[4:8]
            if address == _GS_RESET:
                self._is_gs = True
            elif address[0] == 0x40 and address[1] & 0xF0 == 0x10 and address[2] == 0x15:
                block = address[1] & 0x0F  # block 0 is part 10, blocks 1 to 9 are parts 1 to 9
                return self._set_part(PERCUSSION_CHANNEL if block == 0 else block - (block < 10), address[3])
        elif len(data) >= 7 and data[0] == 0x43 and data[2] == 0x4C:
            address = data[3:7]
            if address == _XG_ON:
                self._is_gs = False
            elif address[0] == 0x08 and address[1] < 16 and address[2] == 0x07:
                return self._set_part(address[1], address[3])
        return None

    def _set_part(self, channel: int, mode: int) -> tuple[int, bool]:
        self._by_part[channel] = mode > 0
        return channel, mode > 0
