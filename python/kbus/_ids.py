"""Who and which: the ids that a message carries."""

from __future__ import annotations

import ctypes
from typing import Tuple


class MessageId(ctypes.Structure):
    """Identifies a message: the network it comes from (0: this bus) and its serial number there.

    Equal ids are equal as keys of a dictionary, too. An id that is part of a message is *live*: it changes with the message, and
    then it must not be such a key; ``id + 0`` makes a copy.
    """

    _fields_ = [("network_id", ctypes.c_uint32), ("serial_num", ctypes.c_uint32)]

    network_id: int
    serial_num: int

    def _pair(self) -> Tuple[int, int]:
        return self.network_id, self.serial_num

    def __repr__(self) -> str:
        return "MessageId(%d, %d)" % self._pair()

    def __str__(self) -> str:
        return "[%d:%d]" % self._pair()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, MessageId):
            return NotImplemented
        return self._pair() == other._pair()

    def __ne__(self, other: object) -> bool:
        if not isinstance(other, MessageId):
            return NotImplemented
        return self._pair() != other._pair()

    def __lt__(self, other: "MessageId") -> bool:
        return self._pair() < other._pair() if isinstance(other, MessageId) else NotImplemented

    def __gt__(self, other: "MessageId") -> bool:
        return self._pair() > other._pair() if isinstance(other, MessageId) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._pair())

    def __add__(self, other: int) -> "MessageId":
        """A new id, with the serial number increased."""
        return MessageId(self.network_id, self.serial_num + other) if isinstance(other, int) else NotImplemented


class OrigFrom(ctypes.Structure):
    """Identifies a Ksock across buses: the network of its bus, and its id there. Used by Limpets."""

    _fields_ = [("network_id", ctypes.c_uint32), ("local_id", ctypes.c_uint32)]

    network_id: int
    local_id: int

    def _pair(self) -> Tuple[int, int]:
        return self.network_id, self.local_id

    def __repr__(self) -> str:
        return "OrigFrom(%d, %d)" % self._pair()

    def __str__(self) -> str:
        return "(%d,%d)" % self._pair()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, OrigFrom):
            return NotImplemented
        return self._pair() == other._pair()

    def __ne__(self, other: object) -> bool:
        if not isinstance(other, OrigFrom):
            return NotImplemented
        return self._pair() != other._pair()

    def __lt__(self, other: "OrigFrom") -> bool:
        return self._pair() < other._pair() if isinstance(other, OrigFrom) else NotImplemented

    def __gt__(self, other: "OrigFrom") -> bool:
        return self._pair() > other._pair() if isinstance(other, OrigFrom) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._pair())
