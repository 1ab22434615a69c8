"""Coroutines that are cancelled, timed out or disturbed by signals: no message is lost by it."""

import asyncio
import os
import signal

from kbus import Announcement, Message, Reply, Request, reply_to
from tests.test_ksock import KsockTests


class CancelledTests(KsockTests):
    def play(self, coroutine):
        """Runs a coroutine; one that hangs fails instead."""
        return asyncio.run(asyncio.wait_for(coroutine, 300))

    def pair(self):
        """A requester that hears news, too, and a replier."""
        requester, replier = self.open(), self.open()
        requester.bind("$.News")
        replier.bind("$.Fred", True)
        return requester, replier

    async def ask(self, requester, replier, text, timeout=None):
        """A task whose Request is in flight, and the Request as the replier got it."""
        task = asyncio.ensure_future(requester.request(Request("$.Fred", text), timeout))
        request = await replier.receive()
        self.assertEqual(text.encode(), request.data)
        return task, request

    def test_a_signal_handler_runs_while_an_answer_is_awaited(self):
        requester, replier = self.pair()

        async def disturbed():
            loop, heard = asyncio.get_running_loop(), []
            came = asyncio.Event()

            def on_signal():
                heard.append(requester.num_messages())
                came.set()

            loop.add_signal_handler(signal.SIGUSR1, on_signal)
            task, request = await self.ask(requester, replier, "?")
            for _ in range(20):
                came.clear()
                os.kill(os.getpid(), signal.SIGUSR1)
                await came.wait()
                self.assertFalse(task.done())
            replier.send_msg(reply_to(request, "!"))
            loop.remove_signal_handler(signal.SIGUSR1)
            return (await task).data, heard

        self.assertEqual((b"!", [0] * 20), self.play(disturbed()))

    def test_the_answer_to_a_cancelled_request_is_read_as_a_late_one(self):
        requester, replier = self.pair()

        async def cancel():
            task, request = await self.ask(requester, replier, "?")
            replier.send_msg(Announcement("$.News", "before"))
            task.cancel()
            with self.assertRaises(asyncio.CancelledError):
                await task
            replier.send_msg(reply_to(request, "late"))
            replier.send_msg(Announcement("$.News", "after"))
            again, request = await self.ask(requester, replier, "again?")
            replier.send_msg(reply_to(request, "in time"))
            return (await again).data, [(await requester.receive(60)).data for _ in range(3)], requester.read_next_msg()

        self.assertEqual((b"in time", [b"before", b"late", b"after"], None), self.play(cancel()))

    def test_an_answer_that_comes_as_its_request_is_cancelled_is_not_lost(self):
        for timeout in (None, 60):
            with self.subTest(timeout=timeout):
                requester, replier = self.pair()

                async def cancel():
                    tasks = []

                    async def ask_first():
                        # Both answers are found by one look, this one first: it goes on before the other task does.
                        await requester.request(Request("$.Fred", "first"))
                        tasks[0].cancel()

                    cancelling = asyncio.ensure_future(ask_first())
                    first_request = await replier.receive()
                    second, second_request = await self.ask(requester, replier, "second", timeout)
                    tasks.append(second)
                    replier.send_msg(reply_to(first_request, "1"))
                    replier.send_msg(reply_to(second_request, "2"))
                    await cancelling
                    outcome = (await asyncio.gather(second, return_exceptions=True))[0]
                    read = [msg.data for msg in requester]
                    return read if isinstance(outcome, asyncio.CancelledError) else read + [outcome.data]

                self.assertEqual([b"2"], self.play(cancel()))
                requester.close()
                replier.close()

    def test_an_answer_in_whichever_turn_of_the_loop_its_request_is_cancelled_comes_once(self):
        requester, replier = self.pair()

        async def ask_and_cancel(turns):
            task, request = await self.ask(requester, replier, "?")
            replier.send_msg(reply_to(request, "%d" % turns))
            for _ in range(turns):
                await asyncio.sleep(0)
            task.cancel()
            outcome = (await asyncio.gather(task, return_exceptions=True))[0]
            read = [(type(msg), msg.data) for msg in requester]
            return read if isinstance(outcome, asyncio.CancelledError) else read + [(type(outcome), outcome.data)]

        for turns in range(8):
            ((kind, data),) = self.play(ask_and_cancel(turns))
            self.assertEqual(b"%d" % turns, data)
            self.assertIn(kind, (Message, Reply))

    def test_an_answer_about_when_the_time_is_over_comes_once(self):
        requester, replier = self.pair()
        requester.set_max_messages(1000)

        async def ask_with_little_time():
            loop = asyncio.get_running_loop()
            asked = []

            async def reply():
                async for request in replier:
                    asked.append(int(request.data))
                    loop.call_later(0.002, replier.send_msg, reply_to(request, request.data))

            replying = asyncio.ensure_future(reply())
            answers = []
            for first in range(0, 300, 10):
                answers += await asyncio.gather(*[requester.request(Request("$.Fred", str(n)), 0.0015 + n % 10 * 0.0002)
                                                  for n in range(first, first + 10)])
            # On a busy machine kbusd may have stood still for all of a Request's time: that one was never sent. After this one is answered
            # the replier has seen all that were.
            answers.append(await requester.request(Request("$.Fred", "300")))
            in_time = [int(answer.data) for answer in answers if answer is not None]
            read = [int((await requester.receive(60)).data) for _ in range(len(asked) - len(in_time))]
            replying.cancel()
            return sorted(in_time + read), sorted(asked), requester.read_next_msg()

        numbers, asked, more = self.play(ask_with_little_time())
        self.assertEqual((asked, None), (numbers, more))
        self.assertEqual(len(asked), len(set(asked)))

    def test_who_waits_for_any_message_gets_the_answer_that_came_as_its_request_was_cancelled(self):
        requester, replier = self.pair()

        async def cancel():
            tasks = []

            async def ask_first():
                await requester.request(Request("$.Fred", "first"))
                tasks[0].cancel()

            cancelling = asyncio.ensure_future(ask_first())
            first_request = await replier.receive()
            second, second_request = await self.ask(requester, replier, "second")
            tasks.append(second)
            reading = asyncio.ensure_future(requester.receive())
            await asyncio.sleep(0)
            replier.send_msg(reply_to(first_request, "1"))
            replier.send_msg(reply_to(second_request, "2"))
            await cancelling
            return (await reading).data, second.cancelled()

        self.assertEqual((b"2", True), self.play(cancel()))

    def test_nothing_is_lost_when_an_iteration_is_cancelled(self):
        listener, sender = self.open(), self.open()
        listener.bind("$.News")
        heard = []

        async def listen():
            async for msg in listener:
                heard.append(int(msg.data))

        async def cancel_now_and_then():
            for n in range(300):
                task = asyncio.ensure_future(listen())
                # Cancelled before it waits, as it begins to, when the message is there and when it has been read.
                for turn in range(n % 6):
                    await asyncio.sleep(0)
                    if turn == 1:
                        sender.send_msg(Announcement("$.News", str(n)))
                task.cancel()
                await asyncio.wait([task])
                self.assertTrue(task.cancelled())
                if n % 6 < 2:
                    sender.send_msg(Announcement("$.News", str(n)))
            heard.extend(int(msg.data) for msg in listener)

        self.play(cancel_now_and_then())
        self.assertEqual(list(range(300)), heard)

    def test_two_tasks_ask_at_once_and_one_is_cancelled(self):
        requester, replier = self.pair()

        async def both():
            one, first = await self.ask(requester, replier, "one")
            other, second = await self.ask(requester, replier, "other")
            one.cancel()
            replier.send_msg(reply_to(second, "for the other"))
            replier.send_msg(reply_to(first, "for the one"))
            return (await other).data, (await requester.receive(60)).data, one.cancelled()

        self.assertEqual((b"for the other", b"for the one", True), self.play(both()))

    def test_a_request_within_wait_for(self):
        requester, replier = self.pair()

        async def wait():
            with self.assertRaises(asyncio.TimeoutError):
                await asyncio.wait_for(requester.request(Request("$.Fred", "slow")), 0.01)
            slow = await replier.receive()
            task = asyncio.ensure_future(asyncio.wait_for(requester.request(Request("$.Fred", "quick")), 60))
            quick = await replier.receive()
            replier.send_msg(reply_to(slow, "late"))
            replier.send_msg(reply_to(quick, "in time"))
            return (await task).data, [msg.data for msg in requester]

        self.assertEqual((b"in time", [b"late"]), self.play(wait()))

    def test_receiving_within_wait_for(self):
        listener, sender = self.open(), self.open()
        listener.bind("$.News")

        async def wait():
            for timeout in (0, 0.001):
                with self.assertRaises(asyncio.TimeoutError):
                    await asyncio.wait_for(listener.receive(), timeout)
            sender.send_msg(Announcement("$.News", "heard"))
            return (await asyncio.wait_for(listener.receive(), 60)).data

        self.assertEqual(b"heard", self.play(wait()))


if __name__ == "__main__":
    import unittest
    unittest.main()
