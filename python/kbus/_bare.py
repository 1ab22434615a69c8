"""What is asked of a bus, and set, by one call each: bindings, limits, switches."""

from __future__ import annotations

from ctypes import byref, c_uint32
from operator import index
from typing import Any, Callable, Optional, Union

from kbus._errors import ClosedError, check_switch
from kbus._file import KsockFile
from kbus._library import library

Name = Union[str, bytes]

_ASK = 0xFFFFFFFF

#: The greatest number that a bus is asked for or told.
NUMBERS = 0xFFFFFFFF


def whole_number(value: Any) -> int:
    """A number that an argument gives.

    :raises TypeError: it is none.
    """
    try:
        return index(value)
    except TypeError:
        raise TypeError("A whole number is wanted here, not %s" % type(value).__name__) from None


def _request(value: bool, just_ask: bool) -> int:
    """What a switch is told."""
    check_switch(value, "A switch")
    check_switch(just_ask, "just_ask")
    return _ASK if just_ask else int(bool(value))


class BareCalls:
    """The calls of a Ksock that carry no message."""

    #: The open Ksock as a file of bytes; None once it is closed.
    fd: Optional[KsockFile] = None

    #: As of the device file: ``/dev/kbus0``.
    name: str

    _descriptor: int

    def _is_open(self) -> bool:
        return self.fd is not None and not self.fd.closed

    def _file(self) -> KsockFile:
        """The open file, which may have been closed by itself; then its number is of no use any more."""
        file = self.fd
        if file is None or file.closed:
            raise ClosedError(self.name)
        return file

    def _number(self, function: Callable[..., int], action: str, value: int = 0) -> int:
        """Calls a function of the library that takes a number and gives one in its place."""
        value = whole_number(value)
        if not 0 <= value <= NUMBERS:
            raise OverflowError("%r is not a number from 0 to %d" % (value, NUMBERS))
        number = c_uint32(value)
        self._file().checked(function(self._descriptor, byref(number)), action)
        return number.value

    def _switch(self, function: Callable[..., int], request: int) -> int:
        """Calls a function of the library that sets something on or off and returns what it was."""
        return self._file().checked(function(self._descriptor, request), "set")

    def bind(self, name: Name, replier: bool = False) -> None:
        """Binds to a message name, which may end in a wildcard, as listener or as the replier. Every message sent from now on counts."""
        check_switch(replier, "replier")
        self._file().checked(self._named(library.kbus_ksock_bind_n, name, int(bool(replier))), "bind")

    def unbind(self, name: Name, replier: bool = False) -> None:
        """Ends a binding; both arguments must be those of the binding."""
        check_switch(replier, "replier")
        self._file().checked(self._named(library.kbus_ksock_unbind_n, name, int(bool(replier))), "unbind")

    def _named(self, function: Callable[..., int], name: Name, argument: Any) -> int:
        octets = name.encode("utf-8") if isinstance(name, str) else name
        if not isinstance(octets, bytes):
            raise TypeError("Message name must be a str or bytes, not %s" % type(name).__name__)
        return function(self._descriptor, octets, len(octets), argument)

    def ksock_id(self) -> int:
        """The number of this Ksock on its bus."""
        return self._number(library.kbus_ksock_id, "set")

    def find_replier(self, name: Name) -> Optional[int]:
        """The Ksock that is bound as replier with exactly this name; None if there is none."""
        number = c_uint32()
        self._file().checked(self._named(library.kbus_ksock_find_replier_n, name, byref(number)), "find")
        return number.value or None

    def max_messages(self) -> int:
        """How many messages may wait in this Ksock's queue."""
        return self._number(library.kbus_ksock_max_messages, "set")

    def set_max_messages(self, count: int) -> int:
        """Sets how many messages may wait in this Ksock's queue, and gives the number in force; 0 only asks."""
        return self._number(library.kbus_ksock_max_messages, "set", count)

    def num_unreplied_to(self) -> int:
        """How many Requests were read here and still want a Reply."""
        return self._number(library.kbus_ksock_num_unreplied_to, "set")

    def want_messages_once(self, only_once: bool = False, just_ask: bool = False) -> int:
        """Whether a message that several bindings match comes only once. Gives what it was, 0 or 1."""
        return self._switch(library.kbus_ksock_only_once, _request(only_once, just_ask))

    def kernel_module_verbose(self, verbose: bool = True, just_ask: bool = False) -> int:
        """The bus's verbosity switch. Gives what it was, 0 or 1."""
        return self._switch(library.kbus_ksock_kernel_module_verbose, _request(verbose, just_ask))

    def report_replier_binds(self, report_events: bool = True, just_ask: bool = False) -> int:
        """Whether the bus announces each bind and unbind of a replier as ``$.KBUS.ReplierBindEvent``. Gives what it was, 0 or 1."""
        return self._switch(library.kbus_ksock_report_replier_binds, _request(report_events, just_ask))

    def new_device(self) -> int:
        """Makes one more bus and gives its number."""
        return self._number(library.kbus_ksock_new_device, "set")

    def max_message_size(self) -> int:
        """The largest message that the bus takes, in bytes of its entire form."""
        return self._number(library.kbus_ksock_max_message_size, "set")

    def set_max_message_size(self, count: int) -> int:
        """Sets the largest message that the bus takes, and gives it; 0 only asks, 1 asks how far it can be raised."""
        return self._number(library.kbus_ksock_max_message_size, "set", count)
