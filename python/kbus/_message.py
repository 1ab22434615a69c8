"""The message itself, whatever its kind."""

from __future__ import annotations

from typing import Any, Optional, Tuple, Type, TypeVar, Union

from kbus._errors import no_message
from kbus._ids import MessageId, OrigFrom
from kbus._layout import (END_GUARD, MSG_HEADER_LEN, START_GUARD, Data, Id, Octets, Place, _EntireMessageStruct, _MessageHeaderStruct,
                          _octets, calc_entire_message_len, calc_padded_name_len, hexdata, message_from_parts)
from kbus._printed import describe

M = TypeVar("M", bound="Message")
P = TypeVar("P", MessageId, OrigFrom)

_START, _END = START_GUARD.to_bytes(4, "little"), END_GUARD.to_bytes(4, "little")

# Stands for a message that lacks some of its bytes: the bus refuses it, and nobody looks where they should be.
_NO_HEADER = _MessageHeaderStruct()


def _if_set(pair: P) -> Optional[P]:
    """An id, or None if both its halves are 0."""
    return pair if any(pair._pair()) else None


class Message:
    """A message: a name, perhaps data, and what its header says of it.

    ``data`` may be text, which is encoded, or bytes of any kind; empty data is the same as none. A message made here has no id yet:
    the bus gives it one when it is sent.

    >>> Message('$.Actor.Speak', 'Ahem')
    Message('$.Actor.Speak', data=b'Ahem')
    """

    START_GUARD = START_GUARD
    END_GUARD = END_GUARD

    WANT_A_REPLY = 0x1
    WANT_YOU_TO_REPLY = 0x2
    SYNTHETIC = 0x4
    URGENT = 0x8
    ALL_OR_WAIT = 0x100
    ALL_OR_FAIL = 0x200

    #: The header structure; ``msg.is_pointy`` tells the form.
    msg: _MessageHeaderStruct

    # All bytes of an entire message; None for a pointy one, whose bytes are kept by its header.
    _bytes: Optional[bytearray]

    # What repr() shows, in this order, after name and data.
    _SHOWN: Tuple[str, ...] = ("to", "from_", "orig_from", "final_to", "in_reply_to", "flags", "id")

    def __init__(self, name: str, data: Data = None, to: Optional[int] = None, from_: Optional[int] = None,
                 orig_from: Place = None, final_to: Place = None, in_reply_to: Id = None, flags: Optional[int] = None,
                 id: Id = None, encoding: str = "utf-8", errors: str = "strict"):
        self.msg = message_from_parts(id, in_reply_to, to, from_, orig_from, final_to, flags, name, data, encoding, errors)
        self._bytes = None
        self._settle()

    def _settle(self) -> None:
        """Makes the fields what this kind of message wants them to be."""

    @classmethod
    def _make(cls: Type[M], *parts: Any) -> M:
        """Makes a message of this class from what :func:`message_from_parts` takes."""
        made = cls.__new__(cls)
        made.msg = message_from_parts(*parts)
        made._bytes = None
        made._settle()
        return made

    @classmethod
    def _from_buffer(cls: Type[M], buffer: bytearray) -> M:
        """Makes an entire message whose bytes are a writable buffer, which is its own from now on."""
        made = cls.__new__(cls)
        made.msg = _EntireMessageStruct.from_buffer(buffer)
        made.msg.whole = buffer
        made._bytes = buffer
        return made

    def _as(self, kind: Type[M]) -> M:
        """An entire message as one of another class, of the same bytes. Nothing is checked, and nothing changed."""
        assert self._bytes is not None
        return kind._from_buffer(self._bytes)

    @classmethod
    def from_message(cls: Type[M], msg: "Message", data: Data = None, to: Optional[int] = None, from_: Optional[int] = None,
                     orig_from: Place = None, final_to: Place = None, in_reply_to: Id = None, flags: Optional[int] = None,
                     id: Id = None, encoding: str = "utf-8", errors: str = "strict") -> M:
        """Makes a message from another. What is given replaces what that one has; None keeps it; ``b''`` is no data."""
        if not isinstance(msg, Message):
            raise no_message(msg)
        return cls.from_sequence(msg.extract(), data, to, from_, orig_from, final_to, in_reply_to, flags, id, encoding, errors)

    @classmethod
    def from_sequence(cls: Type[M], seq: Any, data: Data = None, to: Optional[int] = None, from_: Optional[int] = None,
                      orig_from: Place = None, final_to: Place = None, in_reply_to: Id = None, flags: Optional[int] = None,
                      id: Id = None, encoding: str = "utf-8", errors: str = "strict") -> M:
        """Makes a message from what :meth:`extract` gives. What else is given replaces what that has."""
        if isinstance(seq, (str, bytes)) or not hasattr(seq, "__len__"):
            raise TypeError("Sequence arg to %s.from_sequence() is what extract() gives, not %s" % (cls.__name__, type(seq).__name__))
        if len(seq) != 9:
            raise ValueError("Sequence arg to %s.from_sequence() must have 9 values, not %d" % (cls.__name__, len(seq)))
        given = (id, in_reply_to, to, from_, orig_from, final_to, flags, None, data)
        return cls._make(*(new if new is not None else old for new, old in zip(given, seq)), encoding, errors)

    @classmethod
    def from_bytes(cls: Type[M], data: Octets) -> M:
        """Makes a message from the bytes of an entire one, as :meth:`to_bytes` gives them. Only the first guard is checked."""
        octets = _octets(data)
        if len(octets) < MSG_HEADER_LEN:
            raise ValueError('Cannot form entire message from string "%s" of length %d' % (hexdata(octets), len(octets)))
        if octets[:4] != _START:
            raise ValueError('Cannot form entire message from string "%s..%s" which does not start with message start guard'
                             % (hexdata(octets[:8]), hexdata(octets[-8:])))
        made = cls._from_octets(octets)
        made._settle()
        return made

    @classmethod
    def _from_octets(cls: Type[M], octets: bytes) -> M:
        """Makes a message of such bytes as they are, but for their pointers, which mean nothing here."""
        made = cls._from_buffer(bytearray(octets))
        made.msg.name = made.msg.data = None
        return made

    @property
    def id(self) -> Optional[MessageId]:
        """The message's id; None before it is sent."""
        return _if_set(self.msg.id)

    @property
    def in_reply_to(self) -> Optional[MessageId]:
        """The id of the Request that this answers; None if it is no Reply."""
        return _if_set(self.msg.in_reply_to)

    @property
    def orig_from(self) -> Optional[OrigFrom]:
        """Who sent it, on another bus; None if it comes from this one."""
        return _if_set(self.msg.orig_from)

    @property
    def final_to(self) -> Optional[OrigFrom]:
        """Whom it is for, on another bus; None if it is for this one."""
        return _if_set(self.msg.final_to)

    @property
    def _id(self) -> MessageId:
        return self.msg.id

    @property
    def _in_reply_to(self) -> MessageId:
        return self.msg.in_reply_to

    @property
    def _orig_from(self) -> OrigFrom:
        return self.msg.orig_from

    @property
    def _final_to(self) -> OrigFrom:
        return self.msg.final_to

    @property
    def to(self) -> int:
        """The Ksock that it is for; 0 for nobody in particular."""
        return self.msg.to

    @property
    def from_(self) -> int:
        """The Ksock that sent it; the bus sees to that."""
        return self.msg.from_

    @property
    def flags(self) -> int:
        """All flags, as one number."""
        return self.msg.flags

    def _name_bytes(self) -> bytes:
        if self._bytes is None:
            return self.msg.name_bytes
        return bytes(memoryview(self._bytes)[MSG_HEADER_LEN:MSG_HEADER_LEN + self.msg.name_len])

    @property
    def name(self) -> str:
        """The message name, as ``$.Actor.Speak``."""
        return self._name_bytes().decode("utf-8", "backslashreplace")

    @property
    def data(self) -> Optional[bytes]:
        """The data, copied; None if there is none."""
        if self._bytes is None:
            data = self.msg.data_bytes
            return None if data is None else bytes(data)
        return bytes(self.data_view) or None

    @property
    def data_view(self) -> memoryview:
        """The data where it lies, without a copy; empty if there is none."""
        if self._bytes is None:
            return memoryview(self.msg.data_bytes or b"")
        start = MSG_HEADER_LEN + calc_padded_name_len(self.msg.name_len)
        return memoryview(self._bytes)[start:start + self.msg.data_len].toreadonly()

    def extract(self) -> Tuple[Any, ...]:
        """All parts as a tuple: id, in_reply_to, to, from_, orig_from, final_to, flags, name, data."""
        return (self.id, self.in_reply_to, self.to, self.from_, self.orig_from, self.final_to, self.flags, self.name, self.data)

    def total_length(self) -> int:
        """Bytes of the message in its entire form."""
        return calc_entire_message_len(self.msg.name_len, self.msg.data_len)

    def to_bytes(self) -> bytes:
        """The message in its entire form."""
        if self._bytes is not None:
            return bytes(memoryview(self._bytes)[:self.total_length()])
        header = _MessageHeaderStruct.from_buffer_copy(self.msg)
        header.name = None
        header.data = None
        name, data = self.msg.name_bytes, self.data_view
        return b"".join((bytes(header), name, b"\0" * (4 - len(name) % 4), data, b"\0" * (-len(data) % 4),
                         _END))

    def equivalent(self, other: "Message") -> bool:
        """Whether both say the same to the same: only ``to``, name and data are compared."""
        if not isinstance(other, Message):
            raise no_message(other)
        return (self.to, self.name, self.data) == (other.to, other.name, other.data)

    def _compared(self) -> Tuple[Any, ...]:
        msg = self.msg
        return (msg.id._pair(), msg.in_reply_to._pair(), msg.to, msg.from_, msg.orig_from._pair(), msg.final_to._pair(),
                msg.flags, self._name_bytes(), self.data)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Message):
            return NotImplemented
        return self._compared() == other._compared()

    def __ne__(self, other: object) -> bool:
        if not isinstance(other, Message):
            return NotImplemented
        return self._compared() != other._compared()

    def __hash__(self) -> int:
        return hash(self._compared())

    def __reduce__(self) -> Tuple[Any, ...]:
        # Pointers mean nothing to another process: a message is copied and pickled in its entire form, with what a subclass added to it.
        added = {name: value for name, value in self.__dict__.items() if name not in ("msg", "_bytes")}
        return type(self)._from_octets, (self.to_bytes(),), added

    def _is_guarded(self) -> bool:
        """Whether an entire message begins and ends as it should."""
        return self._bytes is not None and self._bytes.startswith(_START) and self._bytes.endswith(_END)

    def _header_to_send(self) -> _MessageHeaderStruct:
        """The header, behind which or by which the library finds all the bytes that it promises."""
        is_whole = self._bytes is None or self.total_length() <= len(self._bytes)
        return self.msg if is_whole else _NO_HEADER

    def set_want_reply(self, value: bool = True) -> None:
        """Makes it a Request, or no longer one."""
        self._flag(self.WANT_A_REPLY, value)

    def set_urgent(self, value: bool = True) -> None:
        """Makes it go to the front of each queue, or no longer."""
        self._flag(self.URGENT, value)

    def _flag(self, bit: int, value: bool) -> None:
        self.msg.flags = self.msg.flags | bit if value else self.msg.flags & ~bit

    def wants_us_to_reply(self) -> bool:
        """Whether whoever reads this copy is the one who shall reply."""
        return bool(self.msg.flags & self.WANT_YOU_TO_REPLY)

    def is_synthetic(self) -> bool:
        """Whether the bus itself made it."""
        return bool(self.msg.flags & self.SYNTHETIC)

    def is_urgent(self) -> bool:
        """Whether it goes to the front of each queue."""
        return bool(self.msg.flags & self.URGENT)

    def is_reply(self) -> bool:
        """Whether it answers a Request: a Reply or a Status."""
        return any(self.msg.in_reply_to._pair())

    def is_request(self) -> bool:
        """Whether its sender wants an answer."""
        return bool(self.msg.flags & self.WANT_A_REPLY)

    def is_stateful_request(self) -> bool:
        """Whether its sender wants an answer from one Ksock and no other."""
        return self.is_request() and self.to != 0

    def cast(self) -> "Message":
        """A copy of the class that fits: Status, Reply, Request or Announcement."""
        from kbus.messages import Announcement, Reply, Request, Status
        if self.is_reply():
            return Status.from_bytes(self.to_bytes()) if self.name.startswith("$.KBUS.") else Reply.from_message(self)
        return Request.from_message(self) if self.is_request() else Announcement.from_message(self)

    def __repr__(self) -> str:
        shown = [repr(self.name)]
        if self.data is not None:
            shown.append("data=%r" % self.data)
        for field in self._SHOWN:
            value = getattr(self, field)
            if value:
                shown.append("%s=%s" % (field, "0x%08x" % value if field == "flags" else repr(value)))
        return "%s(%s)" % (type(self).__name__, ", ".join(shown))

    def __str__(self) -> str:
        return describe(self)
