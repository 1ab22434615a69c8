"""Sending: the calls of a Ksock that write and send messages, and wait for room."""

from __future__ import annotations

from ctypes import addressof, byref, c_void_p
from errno import EAGAIN, EALREADY, EINTR
from io import UnsupportedOperation
from time import monotonic
from typing import Any, Iterable, Iterator, List, NoReturn, Optional, Tuple, Union

from kbus._bare import BareCalls
from kbus._errors import error_of_message, no_message
from kbus._file import KsockFile
from kbus._ids import MessageId
from kbus._library import SendOutcome, library
from kbus._message import Message

READABLE, WRITABLE = 1, 2
_LONGEST_WAIT = 0x7FFFFFFF

#: How long a thread waits for room before it looks whether somebody still wants to know, in seconds.
TURN = 0.2

# Messages that are sent by one call of the library: more are not faster.
_MOST_TOGETHER = 256


def end_of(timeout: Optional[float]) -> Optional[float]:
    """When so many seconds are over; None for ever.

    :raises TypeError: it is no number, as text never is.
    """
    if timeout is None:
        return None
    try:
        seconds = float("none" if isinstance(timeout, (str, bytes)) else timeout)
    except (TypeError, ValueError):
        raise TypeError("A timeout is a number of seconds, or None to wait for ever, not %r" % (timeout,)) from None
    if seconds != seconds:
        raise ValueError("A timeout is a number of seconds, not %r" % (timeout,))
    return None if seconds == float("inf") else monotonic() + seconds


class SendingCalls(BareCalls):
    """The calls of a Ksock that write and send messages.

    At most one message of a Ksock waits for room. While it does, no other can be sent (EALREADY), and that one stays as it is.
    """

    def __init__(self) -> None:
        super().__init__()
        # The id of the message that waits for room; it may have been sent since. None if surely none waits.
        self._waiting: Optional[MessageId] = None
        # What a written message points to must live until it has been sent.
        self._written: Optional[Message] = None

    def fileno(self) -> int:
        """The descriptor, for select and its like: readable when there is a message or the bus has died, not writable while a send waits.

        A waiting send is tried again, as select() on a device file would.
        """
        descriptor = self._file().fileno()
        self._retry()
        return descriptor

    def _ready(self) -> int:
        """One look without waiting: what can be done, READABLE and WRITABLE. A waiting send is tried again.

        A kbusd that stands still is not waited for: then nothing can be done.
        """
        waiting = self._waiting
        ready = -EINTR
        while ready == -EINTR:
            ready = library.kbus_wait_for_message_timeout(self._file().fileno(), READABLE | WRITABLE, 0)
        self._file().checked(ready, "wait")
        if ready & WRITABLE and self._waiting == waiting:
            self._waiting = None
        return ready

    def _retry(self) -> None:
        """Tries a send that waits again, if one may be waiting. What else there is to be told, whoever reads is told."""
        if self._waiting is not None:
            try:
                self._ready()
            except OSError:
                pass

    def _wait(self, until: Optional[float], for_what: int = READABLE) -> bool:
        """Waits until there is a message, or no send waits any more; False if the time ran out. A waiting send is tried again meanwhile."""
        while True:
            left = -1
            if until is not None:
                left = min(int((until - monotonic()) * 1000 + 0.999), _LONGEST_WAIT)
                if left <= 0:
                    return False
            result = library.kbus_wait_for_message_timeout(self._file().fileno(), for_what, left)
            # Between two waits Python sees to its signals; Ctrl-C ends this here.
            if result != -EINTR and self._file().checked(result, "wait"):
                return True

    def _wait_for_room(self, until: Optional[float]) -> bool:
        """Waits until the message that waits now has gone; False if the time ran out."""
        waiting = self._waiting
        while True:
            turn = monotonic() + TURN
            if self._wait(turn if until is None else min(turn, until), WRITABLE):
                return True
            # Another thread's message may wait by now, for as long as it likes.
            if self._waiting != waiting:
                return True
            if until is not None and monotonic() >= until:
                return False

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

    def send(self, *mistaken: NoReturn) -> MessageId:
        """Sends the message that was written, or tries the one that waits for room again. Gives its id."""
        if mistaken:
            raise TypeError("send() sends what write_msg() has written, and takes no message: use send_msg(message)")
        file = self._file()
        msg_id = MessageId()
        result = library.kbus_ksock_send(self._descriptor, byref(msg_id))
        if result == -EAGAIN:
            self._note_waiting(msg_id)
        self._written = None
        file.checked(result, "send")
        return msg_id

    def send_msg(self, message: Message, *mistaken: NoReturn) -> MessageId:
        """Sends a message and gives its id. If it cannot be sent, nobody has received anything.

        :raises BlockingIOError: EAGAIN: it was to be sent to all or wait (ALL_OR_WAIT), and it waits: for :meth:`send`, or for any call
            of this Ksock that waits, to try it again, or for :meth:`discard`. EALREADY: another message waits, and this one was not sent.
        """
        if mistaken:
            raise self._no_one_message(message)
        result, msg_id = self._send_whole(message)
        self._file().checked(result, "send")
        return msg_id

    @staticmethod
    def _no_one_message(first: Any) -> TypeError:
        """What is wrong with more than one argument where a message is wanted."""
        return TypeError("send_msg() sends one message: send several by send_msgs([...])") if isinstance(first, Message) else no_message(first)

    def wait_to_send_msg(self, message: Message, timeout: Optional[float] = None) -> Optional[MessageId]:
        """Sends a message as :meth:`send_msg` does, waiting for room if it has to (ALL_OR_WAIT), and gives its id when it is gone.

        It also waits while another message of this Ksock waits for room. ``timeout`` is in seconds: None waits for ever. None is given
        if the time runs out: then the message is dropped, as it is if a signal handler ends the wait by an exception.
        """
        until = end_of(timeout)
        try:
            sent = self._begin_to_send(message, until)
            while sent is None:
                if not self._wait_for_room(until):
                    return None
                sent = self._begin_to_send(message, until)
        except TimeoutError:
            # kbusd stands still.
            return None
        try:
            if self._waiting == sent and not self._wait_for_room(until) and self._give_up(sent):
                return None
        except BaseException:
            self._give_up(sent)
            raise
        return sent

    def _send_whole(self, message: Message, until: Optional[float] = None) -> Tuple[int, MessageId]:
        """Sends a message in one step. Gives 0 or the negative errno, and its id, which it has also if it waits (EAGAIN).

        A kbusd that stands still is waited for until then. ETIMEDOUT: nothing was sent. EINPROGRESS: nobody knows.
        """
        try:
            header = message._header_to_send()
        except AttributeError:
            raise no_message(message) from None
        self._for_writing()
        msg_id = MessageId()
        if until is None:
            result = library.kbus_ksock_send_msg(self._descriptor, byref(header), byref(msg_id))
        else:
            result = -EINTR
            while result == -EINTR:
                left = max(0, min(int((until - monotonic()) * 1000), _LONGEST_WAIT))
                result = library.kbus_ksock_send_msg_timeout(self._descriptor, byref(header), left, byref(msg_id))
        if result == -EAGAIN:
            self._note_waiting(msg_id)
        return result, msg_id

    def _begin_to_send(self, message: Message, until: Optional[float] = None) -> Optional[MessageId]:
        """Sends a message, perhaps only as far as to where it waits for room (then its id is ``_waiting``), and gives its id.

        None is given if it was not sent, because another message waits.

        :raises TimeoutError: kbusd stood still until then, and nothing was sent.
        """
        result, msg_id = self._send_whole(message, until)
        if result == -EALREADY:
            return None
        if result != -EAGAIN:
            self._file().checked(result, "send")
        return msg_id

    def _note_waiting(self, msg_id: MessageId) -> None:
        """A message of ours waits for room from now on."""
        self._waiting = msg_id

    def _give_up(self, msg_id: MessageId) -> bool:
        """Drops that very message if it still waits for room, because nobody wants it sent any more. Whether it did."""
        try:
            if self._waiting != msg_id or self._ready() & WRITABLE:
                return False
            self.discard()
        except OSError:
            # With the Ksock, or the bus, what waited has gone.
            pass
        return True

    def send_msgs(self, messages: Iterable[Message]) -> List[Union[MessageId, OSError]]:
        """Sends messages in their order, without waiting for the bus between them: faster than one by one.

        Every one is tried, whatever becomes of those before. For each, its id is given, or the error that :meth:`send_msg` would have raised.
        """
        self._for_writing()
        sent: List[Union[MessageId, OSError]] = []
        together: List[Message] = []
        if isinstance(messages, Message) or not hasattr(messages, "__iter__"):
            raise TypeError("Several messages are wanted here, as a list of them, not %s; one message is sent by send_msg()" % type(messages).__name__)
        for message in messages:
            if not isinstance(message, Message):
                raise no_message(message)
            together.append(message)
        for first in range(0, len(together), _MOST_TOGETHER):
            sent.extend(self._send_together(together[first:first + _MOST_TOGETHER]))
        return sent

    def _send_together(self, messages: List[Message]) -> Iterator[Union[MessageId, OSError]]:
        headers = [msg._header_to_send() for msg in messages]
        pointers = (c_void_p * len(headers))(*[addressof(header) for header in headers])
        outcomes = (SendOutcome * len(headers))()
        result = library.kbus_ksock_send_msgs(self._descriptor, pointers, len(headers), outcomes)
        if result == -EINTR:
            self._send_rest(pointers, outcomes)
        else:
            self._file().checked(result, "send")
        for header, outcome in zip(headers, outcomes):
            msg_id = MessageId(outcome.id.network_id, outcome.id.serial_num)
            if outcome.error == -EAGAIN:
                self._note_waiting(msg_id)
            yield error_of_message(-outcome.error, self._descriptor, header) if outcome.error else msg_id

    def _send_rest(self, pointers: Any, outcomes: Any) -> None:
        """A signal came while kbusd stood still, and its handler raises nothing: sends what was withdrawn again, in its order."""
        rest = [i for i, outcome in enumerate(outcomes) if outcome.error == -EINTR]
        while rest:
            again = (c_void_p * len(rest))(*[pointers[i] for i in rest])
            results = (SendOutcome * len(rest))()
            result = library.kbus_ksock_send_msgs(self._descriptor, again, len(rest), results)
            if result != -EINTR:
                self._file().checked(result, "send")
            for i, result in zip(rest, results):
                outcomes[i] = result
            rest = [i for i, result in zip(rest, results) if result.error == -EINTR]

    def _for_writing(self) -> KsockFile:
        file = self._file()
        if not file.writable():
            raise UnsupportedOperation("File not open for writing")
        return file

    def write_data(self, data: Any) -> int:
        """Writes bytes of a message, all of them, and gives how many they are."""
        return self._for_writing().write(data)

    def discard(self) -> None:
        """Drops what was written, or the message that waits for room."""
        self._file().checked(library.kbus_ksock_discard(self._descriptor), "send")
        self._waiting = None
        self._written = None

    def last_msg_id(self) -> MessageId:
        """The id of the message that was sent last, or that was last tried; 0:0 before the first."""
        msg_id = MessageId()
        self._file().checked(library.kbus_ksock_last_msg_id(self._descriptor, byref(msg_id)), "set")
        return msg_id

