"""Messages whose data lie where the bus put them."""

from __future__ import annotations

import ctypes
import weakref
from typing import Any, Optional

from kbus._file import KsockFile
from kbus._layout import _MessageHeaderStruct
from kbus._library import library
from kbus._message import Message


def _give_back(file: KsockFile) -> None:
    if not file.closed:
        library.kbus_ksock_release_msg(file.fileno())


def borrow(file: KsockFile) -> Optional[Message]:
    """Borrows the next message, if there is one. Its data are not copied; the header and the name are its own.

    The data belong to the bus as long as the message, or a view of its data, is there: ``file.is_lending()``.
    """
    place = ctypes.POINTER(_MessageHeaderStruct)()
    if not file.checked(library.kbus_ksock_borrow_msg(file.fileno(), ctypes.byref(place)), "read"):
        return None
    msg = Message.__new__(Message)
    msg._bytes = None
    msg.msg = header = _MessageHeaderStruct.from_buffer_copy(place.contents)
    name = place.contents.name
    assert name is not None
    header.name_bytes = header.name = ctypes.string_at(name, header.name_len)
    if not header.data or not header.data_len:
        header.data_bytes = None
        _give_back(file)
        return msg
    lent: Any = (ctypes.c_ubyte * header.data_len).from_address(header.data)
    # Views of it, and views of those, keep it alive; when the last has gone, it goes back. It keeps the file open until then.
    weakref.finalize(lent, _give_back, file).atexit = False
    header.data_bytes = memoryview(lent).cast("B").toreadonly()
    file.lent = weakref.ref(lent)
    return msg
