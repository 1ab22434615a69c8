"""Who is bound to what, on all buses."""

from __future__ import annotations

import ctypes
from ctypes import byref, c_void_p
from typing import Any, List, Mapping, Optional, Tuple

from kbus._errors import error
from kbus._library import library

# What the library hands over came from malloc.
_free = ctypes.CDLL(None).free
_free.argtypes = [c_void_p]
_free.restype = None


def _text() -> str:
    """The list of bindings, in the form of ``/proc/kbus/bindings`` of the original."""
    text = c_void_p()
    result = library.kbus_read_bindings(byref(text))
    if result < 0:
        raise error(-result, "read")
    try:
        return ctypes.string_at(text).decode("ascii")
    finally:
        _free(text)


def parse_bindings(text: str, names: Optional[Mapping[int, Any]] = None) -> List[Tuple[Any, bool, str]]:
    """Reads such a list; lines that begin with ``#`` are comments. See :func:`read_bindings`."""
    bindings = []
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        _bus, ksock, _pid, role, name = line.split()
        if role not in ("R", "L"):
            raise ValueError("Got unexpected value '%s', instead of 'R' or 'L', in line '%s'" % (role, line))
        number = int(ksock)
        bindings.append(((names or {}).get(number, number), role == "R", name))
    return bindings


def read_bindings(names: Optional[Mapping[int, Any]] = None) -> List[Tuple[Any, bool, str]]:
    """The bindings of all buses, as (Ksock, whether as replier, message name).

    A Ksock is what ``names`` has for its id, or else that id.
    """
    return parse_bindings(_text(), names)
