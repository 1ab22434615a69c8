"""How a message lies in memory: the header structure, its two forms, and the arithmetic of their lengths.

A message has two forms (spec section 3.2). *Pointy*: the header alone, which points to the name and the data. *Entire*:
the header, then the name, the data and a last guard, each padded to a multiple of four bytes. The bus takes both and always
gives the second.
"""

from __future__ import annotations

import ctypes
from typing import Any, Dict, Optional, Tuple, Type, Union

from kbus._ids import MessageId, OrigFrom
from kbus._text import printable

START_GUARD = 0x7375624B
END_GUARD = 0x4B627573

# An id that is not there.
_NONE = (0, 0)

Octets = Union[str, bytes, bytearray, memoryview]
Data = Optional[Octets]
Id = Union[MessageId, Tuple[int, int], None]
Place = Union[OrigFrom, Tuple[int, int], None]


class _MessageHeaderStruct(ctypes.Structure):
    """The header of a message, in the byte order and with the alignment of this machine."""

    _fields_ = [
        ("start_guard", ctypes.c_uint32),
        ("id", MessageId),
        ("in_reply_to", MessageId),
        ("to", ctypes.c_uint32),
        ("from_", ctypes.c_uint32),
        ("orig_from", OrigFrom),
        ("final_to", OrigFrom),
        ("extra", ctypes.c_uint32),
        ("flags", ctypes.c_uint32),
        ("name_len", ctypes.c_uint32),
        ("data_len", ctypes.c_uint32),
        ("name", ctypes.c_char_p),
        ("data", ctypes.c_void_p),
        ("end_guard", ctypes.c_uint32),
    ]

    start_guard: int
    id: MessageId
    in_reply_to: MessageId
    to: int
    from_: int
    orig_from: OrigFrom
    final_to: OrigFrom
    extra: int
    flags: int
    name_len: int
    data_len: int
    name: Optional[bytes]
    data: Optional[int]
    end_guard: int

    #: What a pointy header points to, kept alive by it. The data of a borrowed message are a view of what is lent.
    name_bytes: bytes
    data_bytes: Union[bytes, memoryview, None]

    #: All bytes of an entire message, at whose front the header lies.
    whole: bytearray

    @property
    def is_pointy(self) -> bool:
        """True for the form that points to its name and data."""
        return True

    def _name_and_data(self) -> Tuple[bytes, bytes]:
        """What the header points to."""
        return getattr(self, "name_bytes", b""), bytes(getattr(self, "data_bytes", None) or b"")

    def _said(self) -> Tuple[Any, ...]:
        """All that the message says, whatever its form."""
        return (self.start_guard, self.id._pair(), self.in_reply_to._pair(), self.to, self.from_, self.orig_from._pair(), self.final_to._pair(),
                self.flags, self.end_guard, self._name_and_data())

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _MessageHeaderStruct):
            return NotImplemented
        return self._said() == other._said()

    def __ne__(self, other: object) -> bool:
        if not isinstance(other, _MessageHeaderStruct):
            return NotImplemented
        return self._said() != other._said()

    def __hash__(self) -> int:
        return hash(self._said())


class _EntireMessageStruct(_MessageHeaderStruct):
    """The header at the front of an entire message; it lies on the message's own bytes, so a change of one changes the other."""

    @property
    def is_pointy(self) -> bool:
        """True for the form that points to its name and data."""
        return False

    def _name_and_data(self) -> Tuple[bytes, bytes]:
        """What lies behind the header."""
        whole = memoryview(getattr(self, "whole", b""))
        start = MSG_HEADER_LEN + calc_padded_name_len(self.name_len)
        return bytes(whole[MSG_HEADER_LEN:MSG_HEADER_LEN + self.name_len]), bytes(whole[start:start + self.data_len])


#: Bytes of a message header: 88 on a 64-bit machine, 72 on a 32-bit one.
MSG_HEADER_LEN = ctypes.sizeof(_MessageHeaderStruct)


class BindStruct(ctypes.Structure):
    """The argument of BIND and UNBIND."""

    _fields_ = [("is_replier", ctypes.c_uint32), ("len", ctypes.c_uint32), ("name", ctypes.c_char_p)]


class ReplierStruct(ctypes.Structure):
    """The argument of REPLIER."""

    _fields_ = [("return_id", ctypes.c_uint32), ("len", ctypes.c_uint32), ("name", ctypes.c_char_p)]


class SendResultStruct(ctypes.Structure):
    """A return value and a message id, as one. Nothing uses it any more."""

    _fields_ = [("retval", ctypes.c_uint32), ("msg_id", MessageId)]


def calc_padded_name_len(name_len: int) -> int:
    """Bytes that a name takes in an entire message: with at least one NUL, up to a multiple of four."""
    return 4 * ((name_len + 4) // 4)


def calc_padded_data_len(data_len: int) -> int:
    """Bytes that data takes in an entire message: up to a multiple of four."""
    return 4 * ((data_len + 3) // 4)


def calc_entire_message_len(name_len: int, data_len: int) -> int:
    """Bytes of an entire message with a name and data of these lengths."""
    return MSG_HEADER_LEN + calc_padded_name_len(name_len) + calc_padded_data_len(data_len) + 4


def c_data_as_bytes(data: Any, data_len: int) -> bytes:
    """Copies ``data_len`` bytes from a C pointer (an address, a ``c_void_p``, a ``POINTER`` or an array)."""
    if not data or not data_len:
        return b""
    return ctypes.string_at(data, data_len)


def _octets(data: Octets) -> bytes:
    if isinstance(data, str):
        return data.encode("utf-8")
    try:
        # Not bytes(data), which would make a number into that many zeros.
        return memoryview(data).tobytes()
    except TypeError:
        raise TypeError("Bytes are wanted here, or a str, not %s" % type(data).__name__) from None


def hexdata(data: Octets) -> str:
    r"""Shows bytes as text: printable ASCII but the space as it is, all else as ``\xNN``."""
    return "".join(chr(b) if 0x20 < b < 0x7F else "\\x%02x" % b for b in _octets(data))


def hexify(data: Octets) -> str:
    """Shows bytes as hexadecimal numbers: ``31 32 33``."""
    return " ".join("%02x" % b for b in _octets(data))


def _encode_name(name: str) -> bytes:
    """Checks a message name as far as a message does, and gives its bytes. Its grammar is the bus's business."""
    if not isinstance(name, str):
        raise TypeError("Message name must be a str, not %s" % type(name).__name__)
    if not name.startswith("$."):
        raise ValueError('Message name "%s" does not start "$."' % printable(name))
    encoded = name.encode("utf-8")
    if len(encoded) < 3:
        raise ValueError("Message name is %d long, minimum is 3 (e.g., '$.*')" % len(encoded))
    return encoded


def _encode_data(data: Data, encoding: str, errors: str) -> Optional[bytes]:
    """The bytes of a message's data; None if there are none."""
    if data is None:
        return None
    if isinstance(data, str):
        data = data.encode(encoding, errors)
    elif not isinstance(data, bytes):
        # Not bytes(data), which would make a number into that many zeros.
        try:
            data = memoryview(data).tobytes()
        except TypeError:
            raise TypeError("Message data is a str or bytes, not %s: encode it first, as str(...) does" % type(data).__name__) from None
    return data or None


def _check_numbers(given: Dict[str, Any]) -> None:
    """Says which of the arguments of a message is no number, and what it should be."""
    for what, value in given.items():
        if value and not isinstance(value, int):
            raise TypeError("%s is a number%s, not %s" % (what, "" if what == "flags" else ", the id of a Ksock", type(value).__name__))


def _check_pairs(given: Dict[str, Any], kind: Type[Any]) -> None:
    """Says which of the arguments of a message is no id, and what it should be."""
    for what, value in given.items():
        is_pair = isinstance(value, tuple) and len(value) == 2 and all(isinstance(number, int) for number in value)
        if value and not isinstance(value, kind) and not is_pair:
            raise TypeError("%s is a %s, or a tuple of its two numbers, not %s" % (what, kind.__name__, type(value).__name__))


def message_from_parts(id: Id, in_reply_to: Id, to: Optional[int], from_: Optional[int], orig_from: Place, final_to: Place,
                       flags: Optional[int], name: str, data: Data, encoding: str = "utf-8",
                       errors: str = "strict") -> _MessageHeaderStruct:
    """Makes the raw header structure of a pointy message.

    Ids are pairs of numbers, :class:`MessageId` or :class:`OrigFrom`, or None. What the header points to lives as long as it.
    """
    name_bytes = _encode_name(name)
    data_bytes = _encode_data(data, encoding, errors)
    place = ctypes.cast(ctypes.c_char_p(data_bytes), ctypes.c_void_p) if data_bytes else None
    try:
        header = _MessageHeaderStruct(START_GUARD, id or _NONE, in_reply_to or _NONE, to or 0, from_ or 0, orig_from or _NONE,
                                      final_to or _NONE, 0, flags or 0, len(name_bytes), len(data_bytes or b""), name_bytes, place, END_GUARD)
    except (TypeError, RuntimeError):
        _check_numbers({"to": to, "from_": from_, "flags": flags})
        _check_pairs({"id": id, "in_reply_to": in_reply_to}, MessageId)
        _check_pairs({"orig_from": orig_from, "final_to": final_to}, OrigFrom)
        raise
    # The pointer of a c_void_p keeps nothing alive, and the message wants its bytes back.
    header.name_bytes = name_bytes
    header.data_bytes = data_bytes
    return header
