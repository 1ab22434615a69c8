"""The calls of a Ksock for asyncio."""

from __future__ import annotations

import sys
from time import monotonic
from typing import TYPE_CHECKING, Any, AsyncIterator, Callable, Dict, List, Optional, Union

from kbus._asking import AskingCalls, _request_and_timeout
from kbus._errors import ClosedError, no_answer, no_reply
from kbus._ids import MessageId
from kbus._library import library
from kbus._message import Message
from kbus._sending import TURN, WRITABLE, end_of
from kbus.messages import Status

# asyncio is imported where it is used: it takes longer to load than all else here, and most programs do without.
if TYPE_CHECKING:
    import asyncio


# How long a coroutine reads messages that are there, in seconds, before others have their turn.
_LONGEST_TURN = 0.001


def _left(until: Optional[float]) -> Optional[float]:
    """The seconds until then."""
    return None if until is None else until - monotonic()


class _Watch:
    """What waits for one Ksock in one event loop. The loop looks at the descriptor as long as something does."""

    def __init__(self, loop: asyncio.AbstractEventLoop):
        self.loop = loop
        self.waiting: List["asyncio.Future[None]"] = []
        self.answers: List["asyncio.Future[Message]"] = []
        # Tries a send that waits for room again and again meanwhile.
        self.trying: Optional["asyncio.Task[None]"] = None

    def wake(self) -> None:
        """Lets everybody who waits look for himself."""
        for future in self.waiting:
            if not future.done():
                future.set_result(None)


class AsyncCalls(AskingCalls):
    """``async for msg in ksock``, ``await ksock.request(...)`` and their like.

    They belong to the thread of their event loop. A message is taken from the bus only when somebody reads it, or while an answer is
    waited for; others that come then are kept, and are read next.
    """

    def __init__(self) -> None:
        super().__init__()
        self._watches: Dict[asyncio.AbstractEventLoop, _Watch] = {}
        # When whoever reads has read long enough without letting the event loop run.
        self._turn_ends: Optional[float] = None
        # The thread of each event loop that waits for room.
        self._turns: Dict[asyncio.AbstractEventLoop, "asyncio.Future[int]"] = {}

    def __aiter__(self) -> AsyncIterator[Message]:
        return self

    async def __anext__(self) -> Message:
        """The next message, when there is one. The iteration ends when the Ksock is closed."""
        try:
            msg = await self.receive()
        except ClosedError:
            raise StopAsyncIteration from None
        assert msg is not None
        return msg

    async def receive(self, timeout: Optional[float] = None) -> Optional[Message]:
        """Reads the next message, waiting for one; None if the time (in seconds) runs out. :meth:`wait_for_msg` for coroutines."""
        import asyncio
        until = end_of(timeout)
        # Before a message is taken: a task that is cancelled here has lost none.
        await self._let_others_run()
        self._retry()
        msg = self.read_next_msg()
        if msg is None and timeout != 0:
            try:
                msg = await asyncio.wait_for(self._read_later(), _left(until))
            except asyncio.TimeoutError:
                msg = self.read_next_msg()
            self._turn_ends = None
        return msg

    async def _let_others_run(self) -> None:
        """A Ksock that always has a message gives the event loop a turn now and then: for its timers, and for other tasks."""
        now = monotonic()
        if self._turn_ends is None:
            self._turn_ends = now + _LONGEST_TURN
        elif now >= self._turn_ends:
            import asyncio
            await asyncio.sleep(0)
            self._turn_ends = monotonic() + _LONGEST_TURN

    async def _read_later(self) -> Message:
        while True:
            await self._news()
            msg = self.read_next_msg()
            if msg is not None:
                return msg

    async def send_when_possible(self, message: Message) -> MessageId:
        """Sends a message as :meth:`send_msg` does, and if it has to wait for room (ALL_OR_WAIT), waits until it is gone.

        It also waits while another message of this Ksock waits for room. If the wait is cancelled, the message is dropped.
        :meth:`wait_to_send_msg` for coroutines.
        """
        sent = await self._patiently(self._begin_to_send, message)
        while sent is None:
            await self._room()
            sent = await self._patiently(self._begin_to_send, message)
        if self._waiting == sent:
            try:
                await self._room()
            except BaseException:
                self._give_up(sent)
                raise
        return sent

    def request(self, request: Union[Message, str], *rest: Any, **named: Any) -> Any:
        """Sends a Request for its answer. In a coroutine: ``reply = await ksock.request(...)``; elsewhere this is :meth:`call`.

        ``request(request, timeout=None)``, or ``request(name, data=None, timeout=None)``, which makes the Request itself.
        """
        message, timeout = _request_and_timeout(request, rest, named)
        return self._request_async(message, timeout) if self._is_in_coroutine() else self.call(message, timeout)

    def ask(self, request: Union[Message, str], *rest: Any, **named: Any) -> Any:
        """Sends a Request and gives its :class:`Reply`. In a coroutine: ``reply = await ksock.ask(...)``. Anything else is an exception.

        ``ask(request, timeout=None)``, or ``ask(name, data=None, timeout=None)``, which makes the Request itself.

        :raises NoReplyError: EREMOTEIO: a Status came, which says why there is no Reply.
        :raises ReplyTimeoutError: ETIMEDOUT: the time (in seconds) ran out. It is a TimeoutError, too. A late answer is then a message as any other.
        :raises OSError: the Request could not be sent.
        """
        message, timeout = _request_and_timeout(request, rest, named)
        if self._is_in_coroutine():
            return self._ask_async(message, timeout)
        return self._reply_of(message, self.call(message, timeout), timeout)

    async def _ask_async(self, request: Message, timeout: Optional[float]) -> Message:
        return self._reply_of(request, await self._request_async(request, timeout), timeout)

    def _reply_of(self, request: Message, answer: Optional[Message], timeout: Optional[float]) -> Message:
        if answer is None:
            raise no_answer(request.name, timeout or 0)
        if isinstance(answer, Status):
            raise no_reply(answer, request.name, self._descriptor)
        return answer

    @staticmethod
    def _is_in_coroutine() -> bool:
        if "asyncio" not in sys.modules:
            return False
        import asyncio
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return False
        return True

    async def _request_async(self, request: Message, timeout: Optional[float] = None) -> Optional[Message]:
        import asyncio
        loop = asyncio.get_running_loop()
        until = end_of(timeout)
        answer: "asyncio.Future[Message]" = loop.create_future()

        def answered(msg: Message) -> bool:
            if answer.done():
                # Given up in this turn of the loop.
                return False
            answer.set_result(msg)
            return True

        asked = None
        try:
            asked = self._ask(request, answered, monotonic())
        except TimeoutError:
            pass
        if asked is None:
            try:
                asked = await asyncio.wait_for(self._ask_later(request, answered), _left(until))
            except asyncio.TimeoutError:
                return None
        watch = self._watch(loop)
        watch.answers.append(answer)
        try:
            # What came before the loop looks is found by looking once.
            loop.call_soon(self._look, watch)
            return await asyncio.wait_for(answer, _left(until))
        except asyncio.TimeoutError:
            if self._has_come(answer):
                return answer.result()
            self._give_up(asked)
            return None
        except asyncio.CancelledError:
            if self._has_come(answer):
                # In the very turn of the loop in which the task was cancelled.
                self._put_aside(answer.result())
                watch.wake()
            self._give_up(asked)
            raise
        finally:
            self._asking.pop(asked._pair(), None)
            watch.answers.remove(answer)
            self._unwatch(watch)

    async def _ask_later(self, request: Message, answered: Callable[[Message], bool]) -> MessageId:
        """Sends a Request, once no other message waits."""
        asked = await self._patiently(self._ask, request, answered)
        while asked is None:
            await self._room()
            asked = await self._patiently(self._ask, request, answered)
        return asked

    async def _patiently(self, send: Callable[..., Optional[MessageId]], *arguments: Any) -> Optional[MessageId]:
        """Sends in that way, and lets the event loop run while kbusd stands still.

        A thread waits for kbusd then, a short time each, so that none is left when nobody wants to know any more. If the caller is
        cancelled, what is on its way may be sent all the same within that time.
        """
        try:
            return send(*arguments, monotonic())
        except TimeoutError:
            pass
        import asyncio
        loop = asyncio.get_running_loop()
        while True:
            attempt = loop.run_in_executor(None, self._attempt, send, *arguments)
            try:
                return await asyncio.shield(attempt)
            except TimeoutError:
                continue
            except asyncio.CancelledError:
                attempt.add_done_callback(self._sent_late)
                raise

    def _attempt(self, send: Callable[..., Optional[MessageId]], *arguments: Any) -> Optional[MessageId]:
        with self._attempts:
            return send(*arguments, monotonic() + TURN)

    def _sent_late(self, attempt: "asyncio.Future[Optional[MessageId]]") -> None:
        """What nobody wants sent any more was sent after all. An answer to it is a message as any other."""
        if not attempt.cancelled() and attempt.exception() is None:
            sent = attempt.result()
            if sent is not None:
                self._asking.pop(sent._pair(), None)
                self._give_up(sent)

    @staticmethod
    def _has_come(answer: "asyncio.Future[Message]") -> bool:
        return answer.done() and not answer.cancelled() and answer.exception() is None

    async def _room(self) -> None:
        """Waits until the message that waits now has gone.

        No descriptor tells of room: a thread waits for it, one for all, a short time each, so that none is left when nobody wants to know
        any more.
        """
        import asyncio
        loop = asyncio.get_running_loop()
        waiting = self._waiting
        while self._waiting == waiting and not self._ready() & WRITABLE:
            turn = self._turns.get(loop)
            if turn is None or turn.done():
                turn = self._turns[loop] = loop.run_in_executor(None, library.kbus_wait_for_message_timeout, self._descriptor, WRITABLE,
                                                                int(TURN * 1000))
                turn.add_done_callback(lambda _: self._turns.pop(loop, None))
            await asyncio.shield(turn)

    def _note_waiting(self, msg_id: MessageId) -> None:
        super()._note_waiting(msg_id)
        for watch in list(self._watches.values()):
            if not watch.loop.is_closed():
                watch.loop.call_soon_threadsafe(self._keep_trying, watch)

    def _keep_trying(self, watch: _Watch) -> None:
        """While somebody waits there, a send that waits is tried again, as by every call that waits."""
        if self._waiting is not None and self._watches.get(watch.loop) is watch and (watch.trying is None or watch.trying.done()):
            watch.trying = watch.loop.create_task(self._try_again())
            # What goes wrong is told to those who wait, in other ways.
            watch.trying.add_done_callback(lambda trying: trying.cancelled() or trying.exception())

    async def _try_again(self) -> None:
        while self._waiting is not None:
            await self._room()

    async def _news(self) -> None:
        """Waits until there may be something to read."""
        import asyncio
        loop = asyncio.get_running_loop()
        watch = self._watch(loop)
        future: "asyncio.Future[None]" = loop.create_future()
        watch.waiting.append(future)
        try:
            await future
        finally:
            watch.waiting.remove(future)
            self._unwatch(watch)

    def _watch(self, loop: asyncio.AbstractEventLoop) -> _Watch:
        watch = self._watches.get(loop)
        if watch is None:
            watch = _Watch(loop)
            loop.add_reader(self.fileno(), self._look, watch)
            self._watches[loop] = watch
            self._file().on_closing = self._stop_watching
        self._keep_trying(watch)
        return watch

    def _unwatch(self, watch: _Watch) -> None:
        if not watch.waiting and not watch.answers and self._watches.get(watch.loop) is watch:
            self._end_watch(watch)
            if self.fd is not None and not self._watches:
                self.fd.on_closing = None

    def _end_watch(self, watch: _Watch) -> None:
        del self._watches[watch.loop]
        if not watch.loop.is_closed():
            watch.loop.remove_reader(self._descriptor)
            if watch.trying is not None:
                watch.trying.cancel()

    def _look(self, watch: _Watch) -> None:
        """The descriptor is readable: finds the answers that are waited for, and wakes those who wait for anything else."""
        if not self._is_open():
            return
        try:
            self._kept()
            while self._asking and self._fetch():
                pass
        except OSError as e:
            self._fail(watch, e)
        watch.wake()

    @staticmethod
    def _fail(watch: _Watch, reason: BaseException) -> None:
        for answer in watch.answers:
            if not answer.done():
                answer.set_exception(reason)

    def _stop_watching(self) -> None:
        """The Ksock is being closed: everybody who waits is told."""
        for watch in list(self._watches.values()):
            self._end_watch(watch)
            if not watch.loop.is_closed():
                self._fail(watch, ClosedError(self.name))
                watch.wake()
