"""The open Ksock as a file of bytes, and the library's functions with their errors."""

from __future__ import annotations

import io
import os
import weakref
from ctypes import c_char
from errno import EBADF
from typing import Any, Callable, Optional

from kbus._errors import ClosedError, ForkedError, error
from kbus._library import library


class KsockFile(io.RawIOBase):
    """The open Ksock as a file: bytes of messages are written to it and read from it, in pieces of any size."""

    def __init__(self, descriptor: int, name: str, is_writable: bool):
        super().__init__()
        self._descriptor = descriptor
        self._is_writable = is_writable
        self._opener = os.getpid()
        #: What is alive as long as a message is lent.
        self.lent: Optional["weakref.ref[Any]"] = None
        #: Called while it is being closed: set while an event loop looks at the descriptor.
        self.on_closing: Optional[Callable[[], None]] = None
        #: As of the device file.
        self.name = name

    def __repr__(self) -> str:
        return "<KsockFile %s %s>" % (self.name, "closed" if self.closed else "open")

    def __reduce__(self) -> Any:
        raise TypeError("The file of a Ksock belongs to the process that opened it, and cannot be copied or pickled: open a Ksock there")

    def fileno(self) -> int:
        """The descriptor."""
        if self.closed:
            raise ClosedError(self.name)
        return self._descriptor

    def readable(self) -> bool:
        """True: every Ksock can be read."""
        return True

    def writable(self) -> bool:
        """Whether it was opened for writing."""
        return self._is_writable

    def checked(self, result: int, action: str) -> int:
        """What a function of the library returned, if it is no error."""
        if result >= 0:
            return result
        if result == -EBADF and os.getpid() != self._opener:
            raise ForkedError(self.name)
        raise error(-result, action)

    def readinto(self, buffer: Any) -> int:
        """Reads on in the message that is being read."""
        if self.closed:
            raise ClosedError(self.name)
        view = memoryview(buffer).cast("B")
        if not len(view):
            return 0
        place = (c_char * len(view)).from_buffer(view)
        return self.checked(library.kbus_ksock_read_data(self._descriptor, place, len(view)), "read")

    def write(self, data: Any) -> int:
        """Appends to the message that is being written. All is taken, or the whole message is lost."""
        if self.closed:
            raise ClosedError(self.name)
        if not self._is_writable:
            raise io.UnsupportedOperation("File not open for writing")
        try:
            # Not bytes(data), which would make a number into that many zeros.
            octets = data if isinstance(data, bytes) else memoryview(data).tobytes()
        except TypeError:
            raise TypeError("The bytes of a message are wanted here, as to_bytes() of a message gives them, not %s; a whole message is sent "
                            "by send_msg()" % type(data).__name__) from None
        self.checked(library.kbus_ksock_write_data(self._descriptor, octets, len(octets)), "write")
        return len(octets)

    def is_lending(self) -> bool:
        """Whether a message is lent, or something of it."""
        return self.lent is not None and self.lent() is not None

    def close(self) -> None:
        """Closes the Ksock: its bindings end, and who waits for a reply from it gets a Status.

        :raises BufferError: a message that was borrowed, or a view of its data, is still there.
        """
        if self.is_lending():
            raise BufferError("A message borrowed from %s is still in use: let go of it and of all views of its data first." % self.name)
        if not self.closed:
            super().close()
            if self.on_closing is not None:
                self.on_closing()
            if os.getpid() == self._opener:
                library.kbus_ksock_close(self._descriptor)
