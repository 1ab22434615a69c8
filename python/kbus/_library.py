"""Finds libkbus.so and says how its functions are called."""

from __future__ import annotations

import ctypes
import os
from ctypes import POINTER, c_char_p, c_int, c_size_t, c_uint32, c_void_p
from errno import EINTR
from typing import Any, Callable, Iterator, List, Tuple

from kbus._ids import MessageId
from kbus._layout import _MessageHeaderStruct


class SendOutcome(ctypes.Structure):
    """What became of one message of several: ``struct kbus_send_result``."""

    _fields_ = [("id", MessageId), ("error", ctypes.c_int32)]


#: The environment variable that names the library.
VARIABLE = "KBUS_LIBRARY"

#: The names by which the loader finds an installed library, the one for this interface first.
INSTALLED = ("libkbus.so.1", "libkbus.so")


def _beside() -> Iterator[str]:
    """Where the library may lie beside this package: in a wheel, in dist/, and in a checkout."""
    package = os.path.dirname(os.path.abspath(__file__))
    above = os.path.dirname(package)
    yield os.path.join(package, "libkbus.so")
    yield os.path.join(os.path.dirname(above), "libkbus.so")
    yield os.path.join(os.path.dirname(above), "dist", "lib", "libkbus.so")


def find() -> str:
    """What to load.

    A library that ``KBUS_LIBRARY`` names is taken and no other: a name that is quietly passed over, because some other library was
    found first, would have somebody test the wrong one. Then comes the one that belongs to this very package, then an installed one.
    """
    named = os.environ.get(VARIABLE)
    if named:
        return named
    for path in _beside():
        if os.path.exists(path):
            return path
    return ""


def load() -> ctypes.CDLL:
    """Loads the library.

    :raises ImportError: there is none, or it cannot be loaded.
    """
    found = find()
    failed: List[str] = []
    for name in (found,) if found else INSTALLED:
        try:
            library = _declare(ctypes.CDLL(name))
            _name_daemon(name)
            return library
        except OSError as e:
            failed.append(str(e))
        except AttributeError as e:
            failed.append("it is no libkbus.so, or of another release than this package: %s" % e)
    if os.environ.get(VARIABLE):
        raise ImportError("KBUS_LIBRARY is %r, which cannot be used: %s" % (found, failed[0]))
    if found:
        raise ImportError("%s cannot be used: %s" % (found, failed[0]))
    raise ImportError("There is no libkbus.so, which the package kbus is a face of. In a checkout, ./build makes it (dist/lib/libkbus.so); "
                      "the wheel that ./build makes contains it. Or set KBUS_LIBRARY to where it is. (%s)" % "; ".join(failed))


def _name_daemon(found: str) -> None:
    """Tells the library which daemon to start if none runs: the one that came with it, in a wheel or in dist/, if there is one.

    A library that the loader found by its name lies nobody knows where, least of all in the current directory, where anybody may have put a
    program of that name. It looks for an installed daemon itself.
    """
    if os.sep not in found:
        return
    folder = os.path.dirname(os.path.abspath(found))
    for path in (os.path.join(folder, "kbusd"), os.path.join(os.path.dirname(folder), "bin", "kbusd")):
        if os.access(path, os.X_OK):
            os.environ.setdefault("KBUS_DAEMON", path)
            return


#: The functions whose callers themselves see to it that a signal has ended them.
_INTERRUPTED = ("kbus_ksock_send_msg_timeout", "kbus_ksock_send_msgs", "kbus_wait_for_message_timeout")


def _begun_again(function: Any) -> Callable[..., int]:
    """A function that a signal ends while kbusd stands still. Nothing was done then: it is called again, unless the signal's handler raises."""
    def call(*arguments: Any) -> int:
        result: int = function(*arguments)
        while result == -EINTR:
            result = function(*arguments)
        return result
    return call


def _declare(library: ctypes.CDLL) -> ctypes.CDLL:
    number = POINTER(c_uint32)
    header = POINTER(_MessageHeaderStruct)
    calls: Tuple[Tuple[Any, ...], ...] = (
        ("kbus_ksock_open", c_uint32, c_int),
        ("kbus_ksock_close", c_int),
        ("kbus_ksock_bind_n", c_int, c_char_p, c_size_t, c_uint32),
        ("kbus_ksock_unbind_n", c_int, c_char_p, c_size_t, c_uint32),
        ("kbus_ksock_id", c_int, number),
        ("kbus_ksock_next_msg", c_int, number),
        ("kbus_ksock_len_left", c_int, number),
        ("kbus_ksock_last_msg_id", c_int, POINTER(MessageId)),
        ("kbus_ksock_find_replier_n", c_int, c_char_p, c_size_t, number),
        ("kbus_ksock_max_messages", c_int, number),
        ("kbus_ksock_num_messages", c_int, number),
        ("kbus_ksock_num_unreplied_to", c_int, number),
        ("kbus_ksock_send", c_int, POINTER(MessageId)),
        ("kbus_ksock_discard", c_int),
        ("kbus_ksock_only_once", c_int, c_uint32),
        ("kbus_ksock_report_replier_binds", c_int, c_uint32),
        ("kbus_ksock_kernel_module_verbose", c_int, c_uint32),
        ("kbus_ksock_max_message_size", c_int, number),
        ("kbus_ksock_new_device", c_int, number),
        ("kbus_ksock_write_msg", c_int, header),
        ("kbus_ksock_write_data", c_int, c_void_p, c_size_t),
        ("kbus_ksock_send_msg", c_int, header, POINTER(MessageId)),
        ("kbus_ksock_send_msg_timeout", c_int, header, c_int, POINTER(MessageId)),
        ("kbus_ksock_send_msgs", c_int, POINTER(c_void_p), c_uint32, POINTER(SendOutcome)),
        ("kbus_ksock_read_data", c_int, c_void_p, c_size_t),
        ("kbus_ksock_borrow_msg", c_int, POINTER(header)),
        ("kbus_ksock_release_msg", c_int),
        ("kbus_ksock_poll", c_int, number),
        ("kbus_read_bindings", POINTER(c_void_p)),
        ("kbus_wait_for_message_timeout", c_int, c_int, c_int),
        ("kbus_interrupt_after", c_int))
    for name, *arguments in calls:
        function = getattr(library, name)
        function.argtypes = arguments
        function.restype = c_int
        if name not in _INTERRUPTED:
            setattr(library, name, _begun_again(function))
    for name, *arguments in (("kbus_error_text", c_int, c_char_p), ("kbus_error_name", c_int), ("kbus_last_error",),
                             ("kbus_msg_error_text", c_int, header, c_int)):
        function = getattr(library, name)
        function.argtypes = arguments
        function.restype = c_char_p
    return library


library = load()
