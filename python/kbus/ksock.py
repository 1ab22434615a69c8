"""The Ksock: a process's end of a bus."""

from __future__ import annotations

import os
import weakref
from collections import deque
from ctypes import POINTER, byref, c_uint32, pointer
from errno import EAGAIN, EINTR, ENOENT
from io import UnsupportedOperation
from time import monotonic
from typing import Any, Callable, Deque, Dict, Iterable, Iterator, List, Optional, Tuple, Type, TypeVar, Union

from kbus._async import AsyncCalls
from kbus._bare import NUMBERS, BareCalls
from kbus._errors import error, no_message, opening_error
from kbus._file import KsockFile
from kbus._library import SendOutcome, library
from kbus._ids import MessageId
from kbus._layout import MSG_HEADER_LEN, _MessageHeaderStruct
from kbus._lent import borrow
from kbus._message import Message
from kbus.messages import Reply, Status

K = TypeVar("K", bound="Ksock")

_READABLE, _WRITABLE = 1, 2
_MODES = {"r": (os.O_RDONLY, "read"), "w": (os.O_WRONLY, "write"), "rw": (os.O_RDWR, "read/write")}
_LONGEST_WAIT = 0x7FFFFFFF

# Messages that are sent by one call of the library: more are not faster.
_MOST_TOGETHER = 256


def _word(direction: int, number: int) -> int:
    """A command word of Linux, with the size of a pointer for its argument."""
    size = (MSG_HEADER_LEN - 56) // 4 if direction else 0
    return direction << 30 | size << 16 | ord("k") << 8 | number


class Ksock(BareCalls, AsyncCalls):
    """A Ksock: what a process opens to send messages on a bus and to hear of them.

    ``which`` is the number of the bus, ``mode`` is ``rw`` or ``r``; a Ksock opened with ``r`` can do anything but send.

    >>> with Ksock(0) as ksock:                                       # doctest: +SKIP
    ...     ksock.bind('$.Actor.*')
    ...     for msg in ksock:
    ...         print(msg)

    Messages are read with :meth:`read_next_msg`, :meth:`wait_for_msg`, or by iterating, which ends when none is there *now*. ``select``
    and ``poll`` say when there is one. What the bus refuses is an ``OSError`` with the errno, whose text says what it means. Any thread
    may call, but only one at a time may read. After ``os.fork`` a child opens a Ksock of its own; its parent's is refused there.
    """

    IOC_MAGIC = "k"
    IOC_RESET = _word(0, 1)
    IOC_BIND = _word(1, 2)
    IOC_UNBIND = _word(1, 3)
    IOC_KSOCKID = _word(2, 4)
    IOC_REPLIER = _word(3, 5)
    IOC_NEXTMSG = _word(2, 6)
    IOC_LENLEFT = _word(2, 7)
    IOC_SEND = _word(2, 8)
    IOC_DISCARD = _word(0, 9)
    IOC_LASTSENT = _word(2, 10)
    IOC_MAXMSGS = _word(3, 11)
    IOC_NUMMSGS = _word(2, 12)
    IOC_UNREPLIEDTO = _word(2, 13)
    IOC_MSGONLYONCE = _word(3, 14)
    IOC_VERBOSE = _word(3, 15)
    IOC_NEWDEVICE = _word(2, 16)
    IOC_REPORTREPLIERBINDS = _word(3, 17)
    IOC_MAXMSGSIZE = _word(3, 18)

    # A Ksock that cannot read the answers to its Requests is for tests.
    _OFFERED: Tuple[str, ...] = ("r", "rw")

    def __init__(self, which: int = 0, mode: str = "rw"):
        self.fd = None
        if mode not in self._OFFERED:
            raise ValueError("Ksock mode should be 'r' or 'rw', not %r" % (mode,))
        flags, words = _MODES[mode]
        if not isinstance(which, int):
            raise TypeError("A Ksock is opened by the number of its bus, as Ksock(0), not by %r" % (which,))
        #: The number of the bus.
        self.which = which
        #: As of the device file: ``/dev/kbus0``.
        self.name = "/dev/kbus%d" % which
        descriptor = library.kbus_ksock_open(which, flags) if 0 <= which <= NUMBERS else -ENOENT
        if descriptor < 0:
            raise opening_error(-descriptor, which, self.name)
        #: ``read`` or ``read/write``; None once it is closed.
        self.mode: Optional[str] = words
        self.fd = KsockFile(descriptor, self.name, "w" in mode)
        self._descriptor = descriptor
        # Messages that came while an answer was waited for, and the rest of the one that next_msg() took of them.
        self._aside: Deque[Message] = deque()
        self._rest: Optional[memoryview] = None
        # Whether the user reads a message in steps.
        self._is_in_steps = False
        # Whether a message is being fetched, and what there is of it: a signal handler that raises can end that at any point.
        self._is_fetching = False
        self._fetched: Optional[Message] = None
        # Who waits for an answer, by the id of the Request.
        self._asking: Dict[Tuple[int, int], Callable[[Message], Any]] = {}
        # What is alive as long as a borrowed message is.
        self._lent: Optional["weakref.ref[Any]"] = None
        self._watches = {}
        # Whether a send may be waiting for room.
        self._may_wait = False
        # What a written message points to must live until it has been sent.
        self._written: Optional[Message] = None

    def __str__(self) -> str:
        if self.fd is None:
            return "Ksock device %d (closed)" % self.which
        return "Ksock device %d, id %d, mode %s" % (self.which, self.ksock_id(), self.mode)

    def __repr__(self) -> str:
        return "<Ksock %s %s>" % (self.name, "closed" if self.fd is None else "open for %s" % self.mode)

    def __reduce__(self) -> Any:
        # A copy would close the descriptor of this one; or, in another process, one that is not a Ksock at all.
        raise TypeError("A Ksock belongs to the process that opened it, and cannot be copied or pickled: open another by Ksock(%d)" % self.which)

    def __enter__(self: K) -> K:
        return self

    def __exit__(self, *exception: Any) -> None:
        self.close()

    def __iter__(self) -> Iterator[Message]:
        return self

    def __next__(self) -> Message:
        """The next message; the iteration ends when there is none now, and can be taken up again."""
        msg = self.read_next_msg()
        if msg is None:
            raise StopIteration
        return msg

    def fileno(self) -> int:
        """The descriptor, for select and its like: readable when there is a message or the bus has died, not writable while a send waits.

        A waiting send is tried again, as select() on a device file would.
        """
        file = self._file()
        if self._may_wait:
            self.poll()
        return file.fileno()

    def poll(self) -> Tuple[bool, bool]:
        """One look without waiting: whether a message can be read, and whether one can be written. A waiting send is tried again."""
        ready = self._number(library.kbus_ksock_poll, "wait")
        self._may_wait = self._may_wait and not ready & _WRITABLE
        return bool(ready & _READABLE or self._aside), bool(ready & _WRITABLE)

    def close(self) -> None:
        """Closes the Ksock. Its bindings end; Requests that it has not answered are answered by the bus.

        :raises BufferError: a message that was borrowed, or a view of its data, is still there.
        """
        if self.fd is not None:
            if self._is_lending():
                raise BufferError("A message borrowed from %r is still in use: let go of it and of all views of its data first." % self)
            file, self.fd, self.mode = self.fd, None, None
            self._stop_watching()
            file.close()

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
        return self._number(library.kbus_ksock_len_left, "read") if self._rest is None else len(self._rest)

    def read_data(self, count: int) -> bytes:
        """Reads up to ``count`` bytes of the message that was taken; ``b''`` if there are none."""
        if self._rest is None:
            return self._file().read(count) or b""
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
        until = None if timeout is None else monotonic() + timeout
        while True:
            msg = self.read_next_msg()
            if msg is not None or not self._wait(until):
                return msg

    def borrow_next_msg(self, timeout: Optional[float] = 0) -> Optional[Message]:
        """Reads the next message without copying its data into Python; None if there is none.

        ``timeout`` is in seconds, as for :meth:`wait_for_msg`: 0 does not wait, None waits for ever. See the message's ``data_view``. Large data lie in memory of the bus, and count against what may wait for this Ksock, until the message and
        all views of its data are gone. One message at a time is lent: while it is there, this is :meth:`read_next_msg`.
        """
        until = None if timeout is None else monotonic() + timeout
        while True:
            msg = self._borrow()
            if msg is not None or not self._wait(until):
                return msg

    def _borrow(self) -> Optional[Message]:
        if self._kept() or self._asking or self._is_lending():
            return self.read_next_msg()
        self._rest = None
        msg, self._lent = borrow(self._file())
        return msg

    def _is_lending(self) -> bool:
        return self._lent is not None and self._lent() is not None

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
        """Puts the message that was read where it belongs."""
        msg = self._fetched
        if msg is not None and not self._is_answer(msg) and not (self._aside and self._aside[-1] is msg):
            self._aside.append(msg)
        self._fetched = None

    def _kept(self) -> Deque[Message]:
        """The messages that came while an answer was waited for, with the one whose fetching a signal handler ended.

        Only for who reads: another thread may be fetching.
        """
        if self._is_fetching:
            left = c_uint32()
            if self.fd is not None and library.kbus_ksock_len_left(self._descriptor, byref(left)) >= 0 and left.value:
                self._read(left.value)
            self._keep()
            self._is_fetching = False
        return self._aside

    def _wait(self, until: Optional[float]) -> bool:
        """Waits until there is a message; False if the time ran out. A waiting send is tried again meanwhile."""
        while True:
            left = -1
            if until is not None:
                left = min(int((until - monotonic()) * 1000 + 0.999), _LONGEST_WAIT)
                if left <= 0:
                    return False
            result = library.kbus_wait_for_message_timeout(self._file().fileno(), _READABLE, left)
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

    def call(self, request: Message, timeout: Optional[float] = None) -> Optional[Message]:
        """Sends a Request and waits for its answer: a :class:`Reply`, or a :class:`Status` that says why there is none.

        None is given if the time (in seconds) runs out; a late answer is then a message as any other, and so is that of a call which a
        signal handler ended by an exception. Messages that come meanwhile are kept, and are read next: read them with ``for msg in
        ksock`` before a ``select``, which does not know of them.
        """
        until = None if timeout is None else monotonic() + timeout
        answers: List[Message] = []
        asked = self._ask(request, answers.append)
        try:
            self._kept()
            while not answers:
                if not self._fetch() and not self._wait(until):
                    self._asking.pop(asked, None)
                    self._give_up()
                    return None
        except BaseException:
            self._asking.pop(asked, None)
            # An answer that came just then is read as a late one, once.
            if answers and not (self._aside and self._aside[-1]._bytes is answers[0]._bytes):
                self._aside.append(answers[0])
            self._give_up()
            raise
        return answers[0]

    def request(self, request: Message, timeout: Optional[float] = None) -> Any:
        """Sends a Request for its answer. In a coroutine: ``reply = await ksock.request(...)``; elsewhere this is :meth:`call`."""
        return self._request_async(request, timeout) if self._is_in_coroutine() else self.call(request, timeout)

    def _ask(self, request: Message, answered: Callable[[Message], Any]) -> Tuple[int, int]:
        """Sends a Request, perhaps only as far as to where it waits for room, and notes who is to be told of the answer."""
        if not isinstance(request, Message):
            raise no_message(request)
        if not request.is_request():
            raise ValueError("Only a Request gets an answer: %s" % request)
        try:
            asked = self.send_msg(request)._pair()
        except BlockingIOError:
            asked = self.last_msg_id()._pair()
        self._asking[asked] = answered
        return asked

    def _is_answer(self, msg: Message) -> bool:
        """Hands a message over if it is what somebody waits for."""
        answered = self._asking.pop(msg._in_reply_to._pair(), None) if self._asking else None
        if answered is None:
            return False
        kind: Type[Message] = Status if msg.name.startswith("$.KBUS.") else Reply
        answered(kind._from_buffer(msg._bytes))
        return True

    def _give_up(self) -> None:
        """Drops a Request that still waits for room, because nobody waits for its answer any more."""
        if self._may_wait and not self.poll()[1]:
            self.discard()
