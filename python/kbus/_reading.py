"""Reading: the calls of a Ksock that take messages, whole, in steps or without a copy."""

from __future__ import annotations

from collections import deque
from ctypes import byref, c_uint32
from threading import Lock
from typing import Callable, Deque, Dict, Optional, Tuple, Type, TypeVar

from kbus._bare import whole_number
from kbus._lent import borrow
from kbus._library import library
from kbus._message import Message
from kbus._sending import READABLE, WRITABLE, SendingCalls, end_of
from kbus.messages import Reply, Status

R = TypeVar("R", bound="ReadingCalls")


class ReadingCalls(SendingCalls):
    """The calls of a Ksock that take messages. Only one thread at a time may use them."""

    def __init__(self) -> None:
        super().__init__()
        # Messages that came while an answer was waited for, and the rest of the one that next_msg() took of them.
        self._aside: Deque[Message] = deque()
        self._rest: Optional[memoryview] = None
        # Whether the user reads a message in steps.
        self._is_in_steps = False
        # Whether a message is being fetched, and what there is of it: a signal handler that raises can end that at any point.
        self._is_fetching = False
        self._fetched: Optional[Message] = None
        # Who waits for an answer, by the id of the Request; he says whether he still wants it.
        self._asking: Dict[Tuple[int, int], Callable[[Message], bool]] = {}
        # Held while a thread sends a Request for a coroutine, until it has noted who waits for the answer.
        self._attempts = Lock()

    def __iter__(self: R) -> R:
        return self

    def __next__(self) -> Message:
        """The next message; the iteration ends when there is none now, and can be taken up again."""
        msg = self.read_next_msg()
        if msg is None:
            raise StopIteration
        return msg

    def poll(self) -> Tuple[bool, bool]:
        """One look without waiting: whether a message can be read, and whether one can be written. A waiting send is tried again."""
        ready = self._ready()
        return bool(ready & READABLE or self._aside), bool(ready & WRITABLE)

    def num_messages(self) -> int:
        """How many messages wait to be read."""
        return self._number(library.kbus_ksock_num_messages, "set") + len(self._aside)

    def next_msg(self) -> int:
        """Takes the next message, to be read with :meth:`read_msg` or :meth:`read_data`. What is left of the last one is gone.

        Gives its length in bytes, or 0 if there is none.
        """
        self._rest = None
        if self._kept():
            self._file()
            self._rest = memoryview(self._aside.popleft().to_bytes())
            return len(self._rest)
        self._is_in_steps = True
        return self._number(library.kbus_ksock_next_msg, "read")

    def len_left(self) -> int:
        """Bytes left to be read of the message that was taken."""
        self._file()
        return self._number(library.kbus_ksock_len_left, "read") if self._rest is None else len(self._rest)

    def read_data(self, count: int) -> bytes:
        """Reads up to ``count`` bytes of the message that was taken, or all that are left (-1); ``b''`` if there are none."""
        file = self._file()
        count = whole_number(count)
        if self._rest is None:
            return file.read(count) or b""
        count = len(self._rest) if count < 0 else count
        read, self._rest = bytes(self._rest[:count]), self._rest[count:]
        return read

    def read_msg(self, length: int) -> Optional[Message]:
        """Reads the message that was taken, which is ``length`` bytes long; None if there is none."""
        data = self.read_data(length)
        return Message.from_bytes(data) if data else None

    def read_next_msg(self) -> Optional[Message]:
        """Reads the next message; None if there is none now."""
        self._rest = None
        self._file()
        while not self._kept():
            if not self._fetch():
                return None
        # No call stands between taking it out and returning it, so that no signal handler runs there.
        msg = self._aside[0]
        del self._aside[0]
        return msg

    def wait_for_msg(self, timeout: Optional[float] = None) -> Optional[Message]:
        """Reads the next message, waiting for one if there is none now.

        ``timeout`` is in seconds: None waits for ever, 0 not at all. None is given if the time runs out.
        """
        return self._wait_and_read(self.read_next_msg, timeout)

    def borrow_next_msg(self, timeout: Optional[float] = 0) -> Optional[Message]:
        """Reads the next message without copying its data into Python; None if there is none.

        ``timeout`` is in seconds, as for :meth:`wait_for_msg`: 0 does not wait, None waits for ever. See the message's ``data_view``.
        Large data lie in memory of the bus, and count against what may wait for this Ksock, until the message and all views of its
        data are gone. One message at a time is lent: while it is there, this is :meth:`read_next_msg`.
        """
        return self._wait_and_read(self._borrow, timeout)

    def _wait_and_read(self, read: Callable[[], Optional[Message]], timeout: Optional[float]) -> Optional[Message]:
        """Reads in some way, waiting for a message if there is none. A send that waits is tried again first, as select() would do before a read."""
        until = end_of(timeout)
        self._retry()
        while True:
            msg = read()
            if msg is not None or not self._wait(until):
                return msg

    def _borrow(self) -> Optional[Message]:
        file = self._file()
        if self._kept() or self._asking or file.is_lending():
            return self.read_next_msg()
        self._rest = None
        return borrow(file)

    def _fetch(self) -> bool:
        """Fetches the next message from the queue: to who waits for it as an answer, or else to those that are kept. False if there is none.

        A signal handler that raises loses nothing: whatever point it ends this at, :meth:`_kept` finds the message.
        """
        if self._is_in_steps:
            # What is left of that message is gone, as NEXTMSG has it; it must not be taken for one that was being fetched.
            self._file().read(self.len_left())
            self._is_in_steps = False
        try:
            self._is_fetching = True
            length = self._number(library.kbus_ksock_next_msg, "read")
            if length:
                self._read(length)
                self._keep()
            self._is_fetching = False
            return length > 0
        except BaseException:
            # Now, so that poll() and num_messages() count it; if that is ended, too, the next who reads does it.
            self._kept()
            raise

    def _read(self, length: int) -> None:
        """Reads the message that was taken."""
        self._fetched = msg = Message._from_buffer(bytearray(length))
        self._file().checked(library.kbus_ksock_read_data(self._descriptor, byref(msg.msg), length), "read")

    def _keep(self) -> None:
        """Puts the message that was read where it belongs.

        Some of it is missing if somebody else read at the same moment, as a signal handler may: then it is his.
        """
        msg = self._fetched
        if msg is not None and msg._is_guarded() and not self._is_answer(msg) and not (self._aside and self._aside[-1] is msg):
            self._aside.append(msg)
        self._fetched = None

    def _kept(self) -> Deque[Message]:
        """The messages that came while an answer was waited for, with the one whose fetching a signal handler ended.

        Only for who reads: another thread may be fetching.
        """
        if self._is_fetching:
            left = c_uint32()
            if self._is_open() and library.kbus_ksock_len_left(self._descriptor, byref(left)) >= 0 and left.value:
                self._read(left.value)
            self._keep()
            self._is_fetching = False
        return self._aside

    def _is_answer(self, msg: Message) -> bool:
        """Hands a message over if it is what somebody waits for."""
        answered = self._asking.pop(msg._in_reply_to._pair(), None) if self._asking else None
        if answered is None and self._attempts.locked() and msg.is_reply():
            with self._attempts:
                answered = self._asking.pop(msg._in_reply_to._pair(), None)
        if answered is None:
            return False
        kind: Type[Message] = Status if msg.name.startswith("$.KBUS.") else Reply
        return answered(msg._as(kind))

    def _put_aside(self, answer: Message) -> None:
        """An answer that nobody wants any more is read as a message like any other, once."""
        if not (self._aside and self._aside[-1]._bytes is answer._bytes):
            self._aside.append(answer._as(Message))
