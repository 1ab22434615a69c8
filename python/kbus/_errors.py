"""Errors: an OSError of the right kind, whose text says what happened, to which name and Ksock, and what to do about it."""

from __future__ import annotations

import os
from ctypes import byref
from errno import EBADF, ENOENT, EREMOTEIO, ETIMEDOUT
from typing import Any, Dict, Optional, Tuple, Type

from kbus._library import library
from kbus._text import printable


class KbusError(OSError):
    """An error of a Ksock. It is also of the class that Python has for its errno, as ``BrokenPipeError``; catch that, or ``OSError``.

    ``errno``, ``strerror`` and ``args`` are as for any OSError. The explanation stands in the message, ``str(error)``, and in
    ``explanation``.
    """

    #: What happened and what to do, without the errno.
    explanation: str = ""

    def __str__(self) -> str:
        text = super().__str__()
        return "%s. KBUS: %s" % (text, self.explanation) if self.explanation else text

    def __reduce__(self) -> Tuple[Any, ...]:
        return _made, (self.errno, self.explanation, self.filename)


_kinds: Dict[Type[OSError], Type[KbusError]] = {}


def _kind(errno: int) -> Type[KbusError]:
    """The class for an errno: ours, and that of Python. A traceback names it as Python does, because that is what to catch."""
    base = type(OSError(errno, ""))
    kind = _kinds.get(base)
    if kind is None:
        bases: Tuple[type, ...] = (KbusError, base)
        if base is OSError:
            bases = (KbusError,)
        kind = _kinds[base] = type(base.__name__, bases, {"__module__": base.__module__, "__doc__": base.__doc__})
    return kind


def _made(errno: int, explanation: str, filename: Optional[str] = None) -> KbusError:
    said = os.strerror(errno)
    made = _kind(errno)(errno, said, filename) if filename else _kind(errno)(errno, said)
    made.explanation = explanation
    return made


def _without_symbol(text: str, errno: int) -> Optional[str]:
    """What the library says of an error, without the symbol in front; None if it is about another one."""
    symbol: bytes = library.kbus_error_name(errno)
    start = symbol.decode("ascii") + ": "
    return text[len(start):] if text.startswith(start) else None


def error(errno: int, action: str, filename: Optional[str] = None) -> KbusError:
    """The exception for the call of the library that this thread made last and that failed with this errno.

    ``action`` is what was attempted, as ``send``: should a signal handler have made another call meanwhile, that is what can be told.
    """
    told: bytes = library.kbus_last_error()
    said = _without_symbol(told.decode("utf-8"), errno)
    if said is None:
        general: bytes = library.kbus_error_text(errno, action.encode("ascii"))
        said = general.decode("utf-8")
    return _made(errno, said, filename)


def error_of_message(errno: int, descriptor: int, header: Any) -> KbusError:
    """The exception for one message of several that were sent together."""
    told: bytes = library.kbus_msg_error_text(descriptor, header, errno)
    text = told.decode("utf-8")
    return _made(errno, _without_symbol(text, errno) or text)


def no_such_bus(which: int, filename: str) -> KbusError:
    """The exception for a number that no bus can have."""
    return _made(ENOENT, "There is no bus %d. Buses are numbered from 0, and bus 0 always exists." % which, filename)


def no_message(what: Any) -> TypeError:
    """The exception for something that was to be sent or answered and is no message."""
    return TypeError("A message is wanted here, as Announcement('$.Name', 'data') makes one, not %s" % type(what).__name__)


def check_switch(value: Any, what: str) -> None:
    """Refuses a text where something is on or off: every text would count as on.

    :raises TypeError: it is a text.
    """
    if isinstance(value, (str, bytes)):
        raise TypeError("%s is True or False, not %r" % (what, value))


class NoReplyError(KbusError):
    """A Request that was asked got a Status instead of a Reply (EREMOTEIO): ``status`` is that message, and its name says why."""

    #: The Status that came; None if the error was not raised by a Ksock.
    status: Any = None

    def __reduce__(self) -> Tuple[Any, ...]:
        return _made_again, (type(self), self.errno, self.explanation, self.status.to_bytes() if self.status is not None else None)


class ReplyTimeoutError(KbusError, TimeoutError):
    """No answer to a Request came in the time given (ETIMEDOUT). A late answer comes as an ordinary message."""

    def __reduce__(self) -> Tuple[Any, ...]:
        return _made_again, (type(self), self.errno, self.explanation)


def _made_again(kind: Type[Any], errno: int, explanation: str, status: Optional[bytes] = None) -> Any:
    made = kind(errno, os.strerror(errno))
    made.explanation = explanation
    if status is not None:
        from kbus._message import Message
        from kbus.messages import Status
        made.status = Message.from_bytes(status)._as(Status)
    return made


def no_reply(status: Any, request: str, descriptor: int) -> NoReplyError:
    """The exception for a Status that came where a Reply was wanted."""
    told: bytes = library.kbus_msg_error_text(descriptor, byref(status._header_to_send()), EREMOTEIO)
    text = told.decode("utf-8")
    made: NoReplyError = _made_again(NoReplyError, EREMOTEIO, "No Reply to %s. %s" % (printable(request), _without_symbol(text, EREMOTEIO) or text))
    made.status = status
    return made


def no_answer(request: str, timeout: float) -> ReplyTimeoutError:
    """The exception for an answer that did not come in time."""
    general: bytes = library.kbus_error_text(ETIMEDOUT, b"call")
    text = "No answer to %s came within %g s. %s" % (printable(request), timeout, general.decode("utf-8"))
    made: ReplyTimeoutError = _made_again(ReplyTimeoutError, ETIMEDOUT, text)
    return made


class ClosedError(KbusError, ValueError):
    """A Ksock was used after it was closed. As for a closed file, it is a ValueError, too."""

    def __init__(self, name: str):
        super().__init__(EBADF, os.strerror(EBADF))
        self._name = name
        self.explanation = "%s is closed. Open a new Ksock." % printable(name)

    def __reduce__(self) -> Tuple[Any, ...]:
        return type(self), (self._name,)


class ForkedError(KbusError):
    """A Ksock that was opened before a fork was used by the child. The parent's Ksock is as it was."""

    def __init__(self, name: str):
        super().__init__(EBADF, os.strerror(EBADF))
        self._name = name
        self.explanation = ("%s was opened by the process that forked this one, and is of use only there. After a fork, open a Ksock of your own."
                            % printable(name))

    def __reduce__(self) -> Tuple[Any, ...]:
        return type(self), (self._name,)
