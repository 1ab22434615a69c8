"""Errors: an OSError of the right kind, whose text says what the errno means to a bus and what to do about it."""

from __future__ import annotations

import os
from errno import EBADF, ENOENT
from typing import Any, Optional

from kbus._library import library


def explain(errno: int, action: str) -> str:
    """What an errno means, to Unix and to KBUS, and what to do about it.

    ``action`` is what was attempted, as ``send``: where KBUS means several things by one errno, only those that fit are said.
    """
    unix = os.strerror(errno)
    meaning = library.kbus_error_text(errno, action.encode("ascii")).decode("utf-8")
    return unix if meaning == unix else "%s. KBUS: %s" % (unix, meaning)


def error(errno: int, action: str, filename: Optional[str] = None) -> OSError:
    """The exception for an errno: ``OSError``, or the subclass of it that Python has for that errno."""
    said = explain(errno, action)
    return OSError(errno, said, filename) if filename else OSError(errno, said)


def opening_error(errno: int, which: int, filename: str) -> OSError:
    """The exception for a Ksock that could not be opened. A daemon always has bus 0: if that is not there, there is no daemon."""
    if errno != ENOENT or which != 0:
        return error(errno, "open", filename)
    daemon = os.environ.get("KBUS_DAEMON")
    if os.environ.get("KBUS_AUTOSTART") == "0":
        why = "KBUS_AUTOSTART=0 forbids to start one. Start it with 'kbusd'."
    elif daemon:
        why = "KBUS_DAEMON is %r, and there is no such program to start. Set it to the path of kbusd." % daemon
    else:
        why = "no kbusd program is to be found to start one. Install it, or set KBUS_DAEMON to its path."
    return FileNotFoundError(ENOENT, "%s. KBUS: no kbusd answers, and %s" % (os.strerror(ENOENT), why), filename)


def no_message(what: Any) -> TypeError:
    """The exception for something that was to be sent or answered and is no message."""
    return TypeError("A message is wanted here, as Announcement('$.Name', 'data') makes one, not %s" % type(what).__name__)


class ClosedError(OSError, ValueError):
    """A Ksock was used after it was closed. As for a closed file, it is a ValueError, too."""

    def __init__(self, name: str):
        super().__init__(EBADF, "%s: %s is closed. Open a new Ksock." % (os.strerror(EBADF), name))


class ForkedError(OSError):
    """A Ksock that was opened before a fork was used by the child. The parent's Ksock is as it was."""

    def __init__(self, name: str):
        super().__init__(EBADF, "%s: %s was opened by the process that forked this one, and is of use only there. After a fork, "
                                "open a Ksock of your own." % (os.strerror(EBADF), name))
