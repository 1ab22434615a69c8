"""Asking: the call of a Ksock that sends a Request and waits for its answer."""

from __future__ import annotations

from time import monotonic
from typing import Any, Callable, List, Optional, Tuple

from kbus._errors import no_message
from kbus._message import Message
from kbus._reading import ReadingCalls
from kbus._sending import WRITABLE


class AskingCalls(ReadingCalls):
    """The calls of a Ksock about Requests whose answers somebody waits for."""

    def call(self, request: Message, timeout: Optional[float] = None) -> Optional[Message]:
        """Sends a Request and waits for its answer: a :class:`Reply`, or a :class:`Status` that says why there is none.

        None is given if the time (in seconds) runs out; a late answer is then a message as any other, and so is that of a call which a
        signal handler ended by an exception. Messages that come meanwhile are kept, and are read next: read them with ``for msg in
        ksock`` before a ``select``, which does not know of them.
        """
        until = None if timeout is None else monotonic() + timeout
        answers: List[Message] = []
        asked = self._ask(request, answers.append)
        try:
            self._kept()
            while not answers:
                if not self._fetch() and not self._wait(until):
                    self._asking.pop(asked, None)
                    self._give_up()
                    return None
        except BaseException:
            self._asking.pop(asked, None)
            # An answer that came just then is read as a late one, once.
            if answers and not (self._aside and self._aside[-1]._bytes is answers[0]._bytes):
                self._aside.append(answers[0])
            self._give_up()
            raise
        return answers[0]

    def _ask(self, request: Message, answered: Callable[[Message], Any]) -> Tuple[int, int]:
        """Sends a Request, perhaps only as far as to where it waits for room, and notes who is to be told of the answer."""
        if not isinstance(request, Message):
            raise no_message(request)
        if not request.is_request():
            raise ValueError("Only a Request gets an answer: %s" % request)
        try:
            asked = self.send_msg(request)._pair()
        except BlockingIOError:
            asked = self.last_msg_id()._pair()
        self._asking[asked] = answered
        return asked

    def _give_up(self) -> None:
        """Drops a Request that still waits for room, because nobody waits for its answer any more."""
        if self._may_wait and not self._ready() & WRITABLE:
            self.discard()
