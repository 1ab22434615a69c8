"""Errors: an OSError of the right kind, whose text says what the errno means to a bus and what to do about it."""

from __future__ import annotations

import os
from errno import EBADF
from typing import Optional

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


class ClosedError(OSError, ValueError):
    """A Ksock was used after it was closed. As for a closed file, it is a ValueError, too."""

    def __init__(self, name: str):
        super().__init__(EBADF, "%s: %s is closed. Open a new Ksock." % (os.strerror(EBADF), name))


class ForkedError(OSError):
    """A Ksock that was opened before a fork was used by the child. The parent's Ksock is as it was."""

    def __init__(self, name: str):
        super().__init__(EBADF, "%s: %s was opened by the process that forked this one, and is of use only there. After a fork, "
                                "open a Ksock of your own." % (os.strerror(EBADF), name))
