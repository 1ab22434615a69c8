"""How a message is shown to people."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, List, Optional, Tuple

if TYPE_CHECKING:
    from kbus._message import Message

REPLIER_BIND_EVENT = "$.KBUS.ReplierBindEvent"

# Whether it is a bind, who did it, and how long the name is that follows.
_EVENT = struct.Struct("=III")

_FLAG_WORDS = ((0x1, "REQ"), (0x2, "YOU"), (0x4, "SYN"), (0x8, "URG"), (0x200, "aFL"), (0x100, "aWT"))


def split_replier_bind_event_data(data: bytes) -> Tuple[int, int, str]:
    """Reads the data of a ``$.KBUS.ReplierBindEvent``.

    Gives 1 for a bind or 0 for an unbind, the id of the Ksock that did it, and the name.
    """
    if not isinstance(data, (bytes, bytearray, memoryview)):
        raise TypeError("The data of a ReplierBindEvent are wanted here, as msg.data, not %s" % type(data).__name__)
    if len(data) < _EVENT.size:
        raise ValueError("The data of a ReplierBindEvent are at least %d bytes, not %d" % (_EVENT.size, len(data)))
    is_bind, binder, name_len = _EVENT.unpack_from(data)
    return is_bind, binder, bytes(data[_EVENT.size:_EVENT.size + name_len]).decode("utf-8", "backslashreplace")


def _kind(message: "Message") -> str:
    if message.is_reply():
        return "Status" if message.name.startswith("$.KBUS.") else "Reply"
    return "Request" if message.is_request() else "Announcement"


def _event(message: "Message") -> Optional[str]:
    """What a replier bind event says; None if that cannot be read."""
    data = message.data
    if data is None or len(data) < _EVENT.size:
        return None
    is_bind, binder, name = split_replier_bind_event_data(data)
    return "[%s %r for %d]" % ("Bind" if is_bind else "Unbind", name, binder)


def describe(message: "Message") -> str:
    """One line about a message, as ``<Announcement '$.Actor.Speak', id=[0:2], from=1, data=b'Ahem'>``."""
    is_event = message.name == REPLIER_BIND_EVENT
    parts: List[str] = [] if is_event else [repr(message.name)]
    for word, value in (("id", message.id), ("to", message.to), ("from", message.from_), ("orig_from", message.orig_from),
                        ("final_to", message.final_to), ("in_reply_to", message.in_reply_to)):
        if value:
            parts.append("%s=%s" % (word, value))
    if message.flags:
        words = [word for bit, word in _FLAG_WORDS if message.flags & bit]
        parts.append("flags=0x%x%s" % (message.flags, " (%s)" % ",".join(words) if words else ""))
    event = _event(message) if is_event else None
    if event is not None:
        parts.append(event)
    elif message.data is not None:
        parts.append("data=%r" % message.data)
    kind = "ReplierBindEvent" if is_event else _kind(message)
    return "<%s %s>" % (kind, ", ".join(parts)) if parts else "<%s>" % kind
