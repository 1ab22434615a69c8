"""The Ksock: a process's end of a bus."""

from __future__ import annotations

# Beside what is used here stands what programs for the original package may count on finding here, if they ask for it by name.
import array
import ctypes
import fcntl
import os
import select
import string
import struct
from typing import Any, Optional, Tuple, TypeVar

from kbus._async import AsyncCalls
from kbus._bare import NUMBERS
from kbus._bindings import read_bindings
from kbus._errors import error, no_such_bus
from kbus._file import KsockFile
from kbus._layout import MSG_HEADER_LEN
from kbus._library import library
from kbus.messages import BindStruct, Message, MessageId, ReplierStruct, SendResultStruct

__all__ = ["BindStruct", "Ksock", "Message", "MessageId", "ReplierStruct", "SendResultStruct", "read_bindings"]

K = TypeVar("K", bound="Ksock")

_MODES = {"r": (os.O_RDONLY, "read"), "w": (os.O_WRONLY, "write"), "rw": (os.O_RDWR, "read/write")}


def _word(direction: int, number: int) -> int:
    """A command word of Linux, with the size of a pointer for its argument."""
    size = (MSG_HEADER_LEN - 56) // 4 if direction else 0
    return direction << 30 | size << 16 | ord("k") << 8 | number


class Ksock(AsyncCalls):
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
        super().__init__()
        if mode not in self._OFFERED:
            raise ValueError("Ksock mode should be 'r' or 'rw', not %r" % (mode,))
        flags, words = _MODES[mode]
        if not isinstance(which, int):
            raise TypeError("A Ksock is opened by the number of its bus, as Ksock(0), not by %r" % (which,))
        #: The number of the bus.
        self.which = which
        #: As of the device file: ``/dev/kbus0``.
        self.name = "/dev/kbus%d" % which
        if not 0 <= which <= NUMBERS:
            raise no_such_bus(which, self.name)
        # A handler that the system runs in another thread ends no call of this one.
        library.kbus_interrupt_after(500)
        descriptor: int = library.kbus_ksock_open(which, flags)
        if descriptor < 0:
            raise error(-descriptor, "open", self.name)
        #: ``read`` or ``read/write``; None once it is closed.
        self.mode: Optional[str] = words
        self.fd = KsockFile(descriptor, self.name, "w" in mode)
        self._descriptor = descriptor

    def __str__(self) -> str:
        if not self._is_open():
            return "Ksock device %d (closed)" % self.which
        return "Ksock device %d, id %d, mode %s" % (self.which, self.ksock_id(), self.mode)

    def __repr__(self) -> str:
        return "<Ksock %s %s>" % (self.name, "open for %s" % self.mode if self._is_open() else "closed")

    def __reduce__(self) -> Any:
        # A copy would close the descriptor of this one; or, in another process, one that is not a Ksock at all.
        raise TypeError("A Ksock belongs to the process that opened it, and cannot be copied or pickled: open another by Ksock(%d)" % self.which)

    def __enter__(self: K) -> K:
        return self

    def __exit__(self, *exception: Any) -> None:
        self.close()

    def close(self) -> None:
        """Closes the Ksock. Its bindings end; Requests that it has not answered are answered by the bus.

        :raises BufferError: a message that was borrowed, or a view of its data, is still there.
        """
        if self.fd is not None:
            self.fd.close()
            self.fd = self.mode = None
