"""Messages: the kinds of them, and what helps to make one from another."""

from __future__ import annotations

# The modules are here because programs for the original package may count on finding them, if they ask for them by name.
import array
import ctypes
import string
import struct
from typing import Any, Optional, Type, TypeVar, Union

from kbus._errors import no_message
from kbus._ids import MessageId, OrigFrom
from kbus._layout import (MSG_HEADER_LEN, BindStruct, Data, Id, Place, ReplierStruct, SendResultStruct, _EntireMessageStruct,
                          _MessageHeaderStruct, c_data_as_bytes, calc_entire_message_len, calc_padded_data_len,
                          calc_padded_name_len, hexdata, hexify, message_from_parts)
from kbus._message import Message
from kbus._printed import REPLIER_BIND_EVENT, split_replier_bind_event_data

__all__ = [
    "Announcement", "BindStruct", "MSG_HEADER_LEN", "Message", "MessageId", "OrigFrom", "REPLIER_BIND_EVENT", "ReplierStruct",
    "Reply", "Request", "SendResultStruct", "Status", "_EntireMessageStruct", "_MessageHeaderStruct", "c_data_as_bytes",
    "calc_entire_message_len", "calc_padded_data_len", "calc_padded_name_len", "hexdata", "hexify", "message_from_parts",
    "reply_to", "split_replier_bind_event_data", "stateful_request",
]

S = TypeVar("S", bound="Status")


class Announcement(Message):
    """A message to whoever listens. Nobody answers it.

    >>> print(Announcement('$.Actor.Speak', 'Ahem'))
    <Announcement '$.Actor.Speak', data=b'Ahem'>
    """

    _SHOWN = ("to", "from_", "flags", "id")

    def __init__(self, name: str, data: Data = None, to: Optional[int] = None, from_: Optional[int] = None,
                 flags: Optional[int] = None, id: Id = None, encoding: str = "utf-8", errors: str = "strict"):
        super().__init__(name, data, to, from_, None, None, None, flags, id, encoding, errors)

    def _settle(self) -> None:
        self.msg.in_reply_to = MessageId()
        self.msg.orig_from = self.msg.final_to = OrigFrom()

    def set_want_reply(self, value: bool = True) -> None:
        """Not for an announcement."""
        raise TypeError("Announcements are not Requests")


class Request(Message):
    """A message to the replier of its name, who answers it; listeners see it, too. With ``to`` it is a stateful Request.

    >>> print(Request('$.Actor.Ask.Guildenstern', 'Were you speaking to me?'))
    <Request '$.Actor.Ask.Guildenstern', flags=0x1 (REQ), data=b'Were you speaking to me?'>
    """

    def __init__(self, name: str, data: Data = None, to: Optional[int] = None, from_: Optional[int] = None,
                 final_to: Place = None, flags: Optional[int] = None, id: Id = None, encoding: str = "utf-8",
                 errors: str = "strict"):
        super().__init__(name, data, to, from_, None, final_to, None, flags, id, encoding, errors)

    def _settle(self) -> None:
        self.msg.flags |= Message.WANT_A_REPLY

    def set_want_reply(self, value: bool = True) -> None:
        """Not for a Request, which always wants one."""
        raise TypeError('Request always has "want a reply" set')


class Reply(Message):
    """An answer to a Request; :func:`reply_to` makes one.

    >>> print(Reply('$.Actor.Ask.Guildenstern', 'Yes, yes I was', to=1, in_reply_to=MessageId(0, 6)))
    <Reply '$.Actor.Ask.Guildenstern', to=1, in_reply_to=[0:6], data=b'Yes, yes I was'>
    """

    _SHOWN = ("to", "from_", "orig_from", "in_reply_to", "flags", "id")

    def __init__(self, name: str, data: Data = None, to: Optional[int] = None, from_: Optional[int] = None,
                 orig_from: Place = None, in_reply_to: Id = None, flags: Optional[int] = None, id: Id = None,
                 encoding: str = "utf-8", errors: str = "strict"):
        super().__init__(name, data, to, from_, orig_from, None, in_reply_to, flags, id, encoding, errors)

    def _settle(self) -> None:
        if not self.is_reply():
            raise ValueError("A Reply must specify in_reply_to")


class Status(Message):
    """The bus's own answer to a Request that nobody else will answer any more. Only the bus makes one."""

    _SHOWN = ("to", "from_", "in_reply_to", "flags", "id")

    def __init__(self, *args: Any, **kwargs: Any):
        raise NotImplementedError("Use the Status.from_bytes() method to construct a Status")

    @classmethod
    def from_message(cls: Type[S], *args: Any, **kwargs: Any) -> S:
        """Not for a Status."""
        raise NotImplementedError("Status does not support the from_message() static method")

    @classmethod
    def from_sequence(cls: Type[S], *args: Any, **kwargs: Any) -> S:
        """Not for a Status."""
        raise NotImplementedError("Status does not support the from_sequence() static method")


def reply_to(original: Message, data: Data = None, flags: Optional[int] = 0, encoding: str = "utf-8",
             errors: str = "strict") -> Reply:
    """Makes the Reply to a Request that was read and that wants us to reply."""
    if not isinstance(original, Message):
        raise no_message(original)
    if not (original.is_request() and original.wants_us_to_reply()):
        raise ValueError("Cannot form a reply to a message that does not have WANT_A_REPLY and WANT_YOU_TO_REPLY set: %s" % original)
    return Reply(original.name, data, to=original.from_, in_reply_to=original._id, flags=flags, encoding=encoding, errors=errors)


def stateful_request(earlier_msg: Message, name: str, data: Data = None, from_: Optional[int] = None,
                     flags: Optional[int] = None, id: Id = None, encoding: str = "utf-8", errors: str = "strict") -> Request:
    """Makes a Request to the very Ksock that sent ``earlier_msg``, a Reply; or to the one that it was to, if it is a stateful Request.

    Sending it fails with EPIPE (``BrokenPipeError``) if that Ksock is no longer the replier for ``name``.
    """
    if not isinstance(earlier_msg, Message):
        raise no_message(earlier_msg)
    final_to: Union[OrigFrom, None]
    if earlier_msg.is_reply():
        to, final_to = earlier_msg.from_, earlier_msg.orig_from
    elif earlier_msg.is_stateful_request():
        to, final_to = earlier_msg.to, earlier_msg.final_to
    else:
        raise ValueError("The first argument of stateful_request() must be a Reply or a previous Stateful Request")
    return Request(name, data, to=to, from_=from_, final_to=final_to, flags=flags, id=id, encoding=encoding, errors=errors)
