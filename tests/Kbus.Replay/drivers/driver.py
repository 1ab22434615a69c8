"""driver.py - plays the operations of a trace through the Python package.

Each line of standard input is one operation: its name, a handle, its arguments. Bytes are in hex, "-" for none. Each line of standard
output is its result: "ok" and values, or "errno", its number, and values that were given all the same. DriverHost.cs is the other side.
"""

import ctypes
import errno
import io
import struct
import sys

from kbus import Ksock
from kbus._bindings import _text
from kbus._library import library


class AnyKsock(Ksock):
    """May be opened for writing only, too."""

    _OFFERED = ("r", "w", "rw")


def octets(text):
    return b"" if text == "-" else bytes.fromhex(text)


def hexadecimal(data):
    return bytes(data).hex() or "-"


class Driver:
    """The Ksocks that are open, by their handles."""

    def __init__(self):
        self._ksocks = {}
        self._pointed = []

    def answer(self, line):
        """The answer to one line."""
        operation, *arguments = line.split()
        try:
            if operation == "bindings":
                return "ok " + hexadecimal(_text().encode("ascii"))
            values = getattr(self, "_" + operation)(int(arguments[0]), *arguments[1:])
        except io.UnsupportedOperation:
            return "errno %d" % errno.EBADF
        except OSError as e:
            # The one failure that has a value: the message has its id and waits.
            values = self._last_sent(int(arguments[0])) if operation == "send" and e.errno == errno.EAGAIN else ()
            return " ".join(["errno", str(e.errno), *map(str, values)])
        return " ".join(["ok", *map(str, values or ())])

    def _open(self, handle, bus, mode):
        self._ksocks[handle] = AnyKsock(int(bus), mode)
        return (self._ksocks[handle].ksock_id(),)

    def _close(self, handle):
        self._ksocks.pop(handle).close()

    def _bind(self, handle, name, replier):
        self._ksocks[handle].bind(octets(name), int(replier))

    def _unbind(self, handle, name, replier):
        self._ksocks[handle].unbind(octets(name), int(replier))

    def _ksock_id(self, handle):
        return (self._ksocks[handle].ksock_id(),)

    def _find_replier(self, handle, name):
        return (self._ksocks[handle].find_replier(octets(name)) or 0,)

    def _write(self, handle, data):
        return (self._ksocks[handle].write_data(octets(data)),)

    def _write_pointy(self, handle, header, name, data):
        pointed = [ctypes.create_string_buffer(octets(name) + b"\0"), ctypes.create_string_buffer(octets(data)) if data != "-" else None]
        self._pointed.append(pointed)
        written = bytearray(octets(header))
        struct.pack_into("=QQ", written, 64, *(ctypes.addressof(part) if part else 0 for part in pointed))
        return (self._ksocks[handle].write_data(written),)

    def _send(self, handle):
        return self._ksocks[handle].send()._pair()

    def _discard(self, handle):
        self._ksocks[handle].discard()

    def _next_msg(self, handle):
        length = self._ksocks[handle].next_msg()
        return (int(length > 0), length)

    def _read(self, handle, count):
        return (hexadecimal(self._ksocks[handle].read_data(int(count))),)

    def _len_left(self, handle):
        return (self._ksocks[handle].len_left(),)

    def _last_sent(self, handle):
        return self._ksocks[handle].last_msg_id()._pair()

    def _num_msgs(self, handle):
        return (self._ksocks[handle].num_messages(),)

    def _unreplied_to(self, handle):
        return (self._ksocks[handle].num_unreplied_to(),)

    def _max_msgs(self, handle, value):
        return (self._ksocks[handle].set_max_messages(int(value)),)

    def _only_once(self, handle, value):
        return (self._ksocks[handle]._switch(library.kbus_ksock_only_once, int(value)),)

    def _report_binds(self, handle, value):
        return (self._ksocks[handle]._switch(library.kbus_ksock_report_replier_binds, int(value)),)

    def _verbose(self, handle, value):
        return (self._ksocks[handle]._switch(library.kbus_ksock_kernel_module_verbose, int(value)),)

    def _max_msg_size(self, handle, value):
        return (self._ksocks[handle].set_max_message_size(int(value)),)

    def _new_device(self, handle):
        return (self._ksocks[handle].new_device(),)

    def _poll(self, handle):
        return tuple(int(ready) for ready in self._ksocks[handle].poll())


def main():
    driver = Driver()
    for line in sys.stdin:
        print(driver.answer(line), flush=True)


if __name__ == "__main__":
    main()
