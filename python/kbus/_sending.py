"""Sending: the calls of a Ksock that write and send messages, and wait for room."""

from __future__ import annotations

from ctypes import POINTER, byref, pointer
from errno import EAGAIN, EINTR
from io import UnsupportedOperation
from time import monotonic
from typing import Any, Iterable, Iterator, List, Optional, Union

from kbus._bare import BareCalls
from kbus._errors import error, no_message
from kbus._file import KsockFile
from kbus._ids import MessageId
from kbus._layout import _MessageHeaderStruct
from kbus._library import SendOutcome, library
from kbus._message import Message

READABLE, WRITABLE = 1, 2
_LONGEST_WAIT = 0x7FFFFFFF

# Messages that are sent by one call of the library: more are not faster.
_MOST_TOGETHER = 256


class SendingCalls(BareCalls):
    """The calls of a Ksock that write and send messages."""

    def __init__(self) -> None:
        super().__init__()
        # Whether a send may be waiting for room.
        self._may_wait = False
        # What a written message points to must live until it has been sent.
        self._written: Optional[Message] = None

    def fileno(self) -> int:
        """The descriptor, for select and its like: readable when there is a message or the bus has died, not writable while a send waits.

        A waiting send is tried again, as select() on a device file would.
        """
        file = self._file()
        if self._may_wait:
            self._ready()
        return file.fileno()

    def _ready(self) -> int:
        """One look without waiting: what can be done, READABLE and WRITABLE. A waiting send is tried again."""
        ready = self._number(library.kbus_ksock_poll, "wait")
        self._may_wait = self._may_wait and not ready & WRITABLE
        return ready

    def _wait(self, until: Optional[float]) -> bool:
        """Waits until there is a message; False if the time ran out. A waiting send is tried again meanwhile."""
        while True:
            left = -1
            if until is not None:
                left = min(int((until - monotonic()) * 1000 + 0.999), _LONGEST_WAIT)
                if left <= 0:
                    return False
            result = library.kbus_wait_for_message_timeout(self._file().fileno(), READABLE, left)
            # Between two waits Python sees to its signals; Ctrl-C ends this here.
            if result != -EINTR and self._file().checked(result, "wait"):
                return True

    def write_msg(self, message: Message) -> None:
        """Writes a message, to be sent by :meth:`send`."""
        if not isinstance(message, Message):
            raise no_message(message)
        file = self._for_writing()
        if message._bytes is None:
            self._written = message
            file.checked(library.kbus_ksock_write_msg(self._descriptor, byref(message.msg)), "write")
        else:
            length = min(message.total_length(), len(message._bytes))
            file.checked(library.kbus_ksock_write_data(self._descriptor, byref(message.msg), length), "write")

    def send(self) -> MessageId:
        """Sends the message that was written, or tries the one that waits for room again. Gives its id."""
        msg_id = MessageId()
        return self._sent(library.kbus_ksock_send(self._descriptor, byref(msg_id)) if self._file() else 0, msg_id)

    def send_msg(self, message: Message) -> MessageId:
        """Sends a message and gives its id. If it cannot be sent, nobody has received anything.

        :raises BlockingIOError: (EAGAIN) it was to be sent to all or wait (ALL_OR_WAIT), and it waits: for :meth:`send`, or for any call
            of this Ksock that waits, to try it again, or for :meth:`discard`.
        """
        try:
            is_entire = message._bytes is not None
        except AttributeError:
            raise no_message(message) from None
        if is_entire:
            self.write_msg(message)
            return self.send()
        self._for_writing()
        msg_id = MessageId()
        return self._sent(library.kbus_ksock_send_msg(self._descriptor, byref(message.msg), byref(msg_id)), msg_id)

    def send_msgs(self, messages: Iterable[Message]) -> List[Union[MessageId, OSError]]:
        """Sends messages in their order, without waiting for the bus between them: faster than one by one.

        Every one is tried, whatever becomes of those before. For each, its id is given, or the error that :meth:`send_msg` would have raised.
        """
        self._for_writing()
        sent: List[Union[MessageId, OSError]] = []
        together: List[Message] = []
        for message in messages:
            if not isinstance(message, Message):
                raise no_message(message)
            together.append(message)
        for first in range(0, len(together), _MOST_TOGETHER):
            sent.extend(self._send_together(together[first:first + _MOST_TOGETHER]))
        return sent

    def _send_together(self, messages: List[Message]) -> Iterator[Union[MessageId, OSError]]:
        # One that was made of bytes may lack some of those that its header promises: what is made of its parts has them all.
        whole = [msg if msg._bytes is None else Message.from_sequence(msg.extract()) for msg in messages]
        pointers = (POINTER(_MessageHeaderStruct) * len(whole))(*[pointer(msg.msg) for msg in whole])
        outcomes = (SendOutcome * len(whole))()
        self._file().checked(library.kbus_ksock_send_msgs(self._descriptor, pointers, len(whole), outcomes), "send")
        for outcome in outcomes:
            self._may_wait = self._may_wait or outcome.error == -EAGAIN
            yield error(-outcome.error, "send") if outcome.error else MessageId(outcome.id.network_id, outcome.id.serial_num)

    def _for_writing(self) -> KsockFile:
        file = self._file()
        if not file.writable():
            raise UnsupportedOperation("File not open for writing")
        return file

    def _sent(self, result: int, msg_id: MessageId) -> MessageId:
        self._may_wait = result == -EAGAIN
        self._written = None
        self._file().checked(result, "send")
        return msg_id

    def write_data(self, data: Any) -> int:
        """Writes bytes of a message, all of them, and gives how many they are."""
        return self._for_writing().write(data)

    def discard(self) -> None:
        """Drops what was written, or the message that waits for room."""
        self._file().checked(library.kbus_ksock_discard(self._descriptor), "send")
        self._may_wait = False
        self._written = None

    def last_msg_id(self) -> MessageId:
        """The id of the message that was sent last, or that was last tried; 0:0 before the first."""
        msg_id = MessageId()
        self._file().checked(library.kbus_ksock_last_msg_id(self._descriptor, byref(msg_id)), "set")
        return msg_id

