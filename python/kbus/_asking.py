"""Asking: the call of a Ksock that sends a Request and waits for its answer."""

from __future__ import annotations

from errno import EALREADY, EINPROGRESS, ETIMEDOUT
from time import monotonic
from typing import Any, Callable, List, Optional, Tuple, Union, overload

from kbus._errors import error, no_message
from kbus._ids import MessageId
from kbus._layout import Data
from kbus._message import Message
from kbus._reading import ReadingCalls
from kbus._sending import end_of


def _of_message(timeout: Optional[float] = None) -> Tuple[Any, Optional[float]]:
    return None, timeout


def _of_name(data: Data = None, timeout: Optional[float] = None) -> Tuple[Any, Optional[float]]:
    return data, timeout


def _request_and_timeout(request: Any, rest: Tuple[Any, ...], named: Any) -> Tuple[Message, Optional[float]]:
    """What a call is given: a Request, or the name and the data of one; and the time for it."""
    from kbus.messages import Request
    if isinstance(request, Message):
        try:
            return request, _of_message(*rest, **named)[1]
        except TypeError:
            raise TypeError("With a Request a call takes a timeout and nothing else: call(request, timeout=5), or call('$.Name', 'data', timeout=5)") from None
    if not isinstance(request, str):
        raise TypeError("A Request is wanted here, as Request('$.Name', 'data') makes one, or a name and data, not %s" % type(request).__name__)
    try:
        data, timeout = _of_name(*rest, **named)
    except TypeError:
        raise TypeError("With a name a call takes data and a timeout: call('$.Name', 'data', timeout=5)") from None
    if isinstance(data, (int, float)):
        raise TypeError("Message data is a str or bytes, not %s: encode it first, as str(...) does; a time limit is given as timeout=%r"
                        % (type(data).__name__, data))
    return Request(request, data), timeout


class AskingCalls(ReadingCalls):
    """The call of a Ksock that sends a Request and waits for its answer."""

    @overload
    def call(self, request: Message, timeout: Optional[float] = None) -> Optional[Message]: ...

    @overload
    def call(self, request: str, data: Data = None, timeout: Optional[float] = None) -> Optional[Message]: ...

    def call(self, request: Union[Message, str], *rest: Any, **named: Any) -> Optional[Message]:
        """Sends a Request and waits for its answer: a :class:`Reply`, or a :class:`Status` that says why there is none.

        ``call(request, timeout=None)``, or ``call(name, data=None, timeout=None)``, which makes the Request itself.

        None is given if the time (in seconds) runs out; a late answer is then a message as any other, and so is that of a call which a
        signal handler ended by an exception. Messages that come meanwhile are kept, and are read next: read them with ``for msg in
        ksock`` before a ``select``, which does not know of them.

        :raises BlockingIOError: EALREADY: another message waits for room, and the Request was not sent.
        """
        message, timeout = _request_and_timeout(request, rest, named)
        until = end_of(timeout)
        answers: List[Message] = []

        def answered(msg: Message) -> bool:
            answers.append(msg)
            return True

        try:
            asked = self._ask(message, answered, until)
        except OSError as e:
            if until is not None and (e.errno == ETIMEDOUT or e.errno == EINPROGRESS and monotonic() >= until):
                # kbusd stands still.
                return None
            raise
        if asked is None:
            raise error(EALREADY, "send")
        try:
            # A loop of its own: Python 3.13 takes the jump back to the beginning of a loop, where handlers run, for outside of the try.
            if not self._fetch_until(answers, until):
                self._asking.pop(asked._pair(), None)
                self._give_up(asked)
                return None
        except BaseException:
            self._asking.pop(asked._pair(), None)
            for answer in answers:
                self._put_aside(answer)
            self._give_up(asked)
            raise
        return answers[0]

    def _fetch_until(self, answers: List[Message], until: Optional[float]) -> bool:
        """Fetches messages until one of them is an answer. False if the time runs out."""
        self._kept()
        while not answers:
            if not self._fetch() and not self._wait(until):
                return False
        return True

    def _ask(self, request: Message, answered: Callable[[Message], bool], until: Optional[float] = None) -> Optional[MessageId]:
        """Sends a Request, perhaps only as far as to where it waits for room, notes who is to be told of the answer, and gives its id.

        None is given if it was not sent, because another message waits.

        :raises TimeoutError: kbusd stood still until then, and nothing was sent.
        """
        if not isinstance(request, Message):
            raise no_message(request)
        if not request.is_request():
            raise ValueError("Only a Request gets an answer, as Request('$.Name', 'data') makes one: %s" % request)
        asked = self._begin_to_send(request, until)
        if asked is not None:
            self._asking[asked._pair()] = answered
        return asked
