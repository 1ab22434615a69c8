"""Messages whose data lie where the bus put them."""

from __future__ import annotations

import ctypes
import weakref
from typing import Any, Optional, Tuple

from kbus._file import KsockFile
from kbus._layout import _MessageHeaderStruct
from kbus._library import library
from kbus._message import Message


class LentMessage(Message):
    """A message that was not copied: its data belong to the bus as long as this message, or a view of its data, is there.

    Only the data are lent; the header and the name are its own.
    """

    _view: memoryview

    @property
    def data(self) -> Optional[bytes]:
        """The data, copied; None if there is none."""
        return bytes(self._view) or None

    @property
    def data_view(self) -> memoryview:
        """The data where the bus put it, without a copy; empty if there is none."""
        return self._view

    def __reduce__(self) -> Tuple[Any, ...]:
        return Message.from_bytes, (self.to_bytes(),)


def _give_back(file: KsockFile) -> None:
    if not file.closed:
        library.kbus_ksock_release_msg(file.fileno())


def borrow(file: KsockFile) -> Tuple[Optional[LentMessage], Optional["weakref.ref[Any]"]]:
    """Borrows the next message, if there is one; and what is alive as long as something of it is lent."""
    place = ctypes.POINTER(_MessageHeaderStruct)()
    if not file.checked(library.kbus_ksock_borrow_msg(file.fileno(), ctypes.byref(place)), "read"):
        return None, None
    msg = LentMessage.__new__(LentMessage)
    msg._bytes = None
    msg.msg = _MessageHeaderStruct.from_buffer_copy(place.contents)
    name = place.contents.name
    assert name is not None
    msg.msg.name_bytes = msg.msg.name = ctypes.string_at(name, place.contents.name_len)
    if not msg.msg.data or not msg.msg.data_len:
        _give_back(file)
        msg._view = memoryview(b"")
        return msg, None
    lent = (ctypes.c_ubyte * msg.msg.data_len).from_address(msg.msg.data)
    # Views of it, and views of those, keep it alive; when the last has gone, it goes back. It keeps the file open until then.
    weakref.finalize(lent, _give_back, file).atexit = False
    msg._view = memoryview(lent).cast("B").toreadonly()
    return msg, weakref.ref(lent)
