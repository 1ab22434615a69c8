"""The calls for asyncio, against a real daemon."""

import asyncio
import errno
import threading

from kbus import *
from tests.test_ksock import KsockTests


class AsyncTests(KsockTests):
    def play(self, coroutine):
        """Runs a coroutine; one that hangs fails instead."""
        return asyncio.run(asyncio.wait_for(coroutine, 300))

    def test_messages_are_iterated_as_they_come(self):
        sender, listener = self.open(), self.open()
        listener.bind("$.Fred.*")

        async def listen():
            heard = []
            async for msg in listener:
                heard.append(msg.data)
                if msg.name == "$.Fred.End":
                    return heard

        async def speak():
            for data in (b"a", b"b", b"c"):
                sender.send_msg(Announcement("$.Fred.Speak", data))
                await asyncio.sleep(0)
            sender.send_msg(Announcement("$.Fred.End"))

        async def both():
            return (await asyncio.gather(listen(), speak()))[0]

        self.assertEqual([b"a", b"b", b"c", None], self.play(both()))

    def test_closing_ends_the_iteration(self):
        ksock = self.open()

        async def listen():
            return [msg async for msg in ksock]

        async def close():
            task = asyncio.ensure_future(listen())
            await asyncio.sleep(0)
            ksock.close()
            return await task

        self.assertEqual([], self.play(close()))

    def test_receive_waits_as_long_as_told(self):
        ksock = self.open()
        ksock.bind("$.Fred")

        async def receive():
            self.assertIsNone(await ksock.receive(0))
            self.assertIsNone(await ksock.receive(0.01))
            ksock.send_msg(Announcement("$.Fred", "abc"))
            return (await ksock.receive()).data

        self.assertEqual(b"abc", self.play(receive()))
        # Another event loop, the same Ksock.
        self.assertEqual(b"abc", self.play(receive()))

    def test_a_Ksock_that_always_has_a_message_lets_other_tasks_run_and_can_be_cancelled(self):
        ksock = self.open()
        ksock.bind("$.Fred")
        read = []

        async def listen():
            async for msg in ksock:
                # There is another one whenever this one has been read.
                read.append(msg.data)
                ksock.send_msg(Announcement("$.Fred", str(len(read))))

        async def play():
            ksock.send_msg(Announcement("$.Fred", "0"))
            task = asyncio.ensure_future(listen())
            for _ in range(10):
                await asyncio.sleep(0.001)
            with self.assertRaises(asyncio.TimeoutError):
                await asyncio.wait_for(task, 0.01)
            # No message was taken and lost.
            return (await ksock.receive()).data

        last = self.play(play())
        self.assertEqual([str(n).encode() for n in range(len(read))] + [str(len(read)).encode()], read + [last])

    def test_many_requests_are_in_flight_and_each_gets_its_own_answer(self):
        requester, replier = self.open(), self.open()
        replier.bind("$.Square", True)

        async def reply():
            waiting = []
            async for request in replier:
                waiting.append(request)
                if len(waiting) == 10:
                    # The last first, so that the order of the answers says nothing.
                    for request in reversed(waiting):
                        replier.send_msg(reply_to(request, str(int(request.data) ** 2)))
                    return

        async def ask():
            replying = asyncio.ensure_future(reply())
            answers = await asyncio.gather(*(requester.request(Request("$.Square", str(n))) for n in range(10)))
            await replying
            return answers

        answers = self.play(ask())
        self.assertEqual([n * n for n in range(10)], [int(answer.data) for answer in answers])
        self.assertEqual({Reply}, {type(answer) for answer in answers})

    def test_what_comes_during_a_request_is_read_afterwards_in_order(self):
        ksock, other = self.open(), self.open()
        ksock.bind("$.News")
        other.bind("$.Fred", True)

        async def ask():
            task = asyncio.ensure_future(ksock.request(Request("$.Fred")))
            await asyncio.sleep(0)
            request = await other.receive()
            other.send_msg(Announcement("$.News", "1"))
            other.send_msg(Announcement("$.News", "2"))
            other.send_msg(reply_to(request))
            await task
            other.send_msg(Announcement("$.News", "3"))
            self.assertEqual((True, True), ksock.poll())
            self.assertEqual(3, ksock.num_messages())
            return [(await ksock.receive()).data for _ in range(3)]

        self.assertEqual([b"1", b"2", b"3"], self.play(ask()))

    def test_a_status_answers_a_request_whose_replier_leaves(self):
        requester, replier = self.open(), self.open()
        replier.bind("$.Fred", True)

        async def ask():
            task = asyncio.ensure_future(requester.request(Request("$.Fred")))
            await replier.receive()
            replier.close()
            return await task

        answer = self.play(ask())
        self.assertEqual((Status, "$.KBUS.Replier.Ignored"), (type(answer), answer.name))

    def test_a_request_that_is_not_answered_in_time(self):
        requester, replier = self.open(), self.open()
        replier.bind("$.Fred", True)

        async def ask():
            self.assertIsNone(await requester.request(Request("$.Fred"), timeout=0.01))
            replier.send_msg(reply_to(await replier.receive(), "late"))
            return (await requester.receive()).data

        self.assertEqual(b"late", self.play(ask()))

    def test_a_request_that_cannot_be_sent(self):
        ksock = self.open()

        async def ask():
            with self.assertRaises(OSError) as raised:
                await ksock.request(Request("$.Fred"))
            self.assertEqual(errno.EADDRNOTAVAIL, raised.exception.errno)
            with self.assertRaisesRegex(ValueError, "^Only a Request gets an answer, as .* makes one: <Announcement"):
                await ksock.request(Announcement("$.Fred"))

        self.play(ask())

    def test_closing_ends_a_request(self):
        requester, replier = self.open(), self.open()
        replier.bind("$.Fred", True)

        async def ask():
            task = asyncio.ensure_future(requester.request(Request("$.Fred")))
            await replier.receive()
            requester.close()
            with self.assertRaises(OSError) as raised:
                await task
            self.assertEqual(errno.EBADF, raised.exception.errno)

        self.play(ask())

    def test_closing_the_file_alone_ends_a_request_and_leaves_its_number_to_others(self):
        requester, replier = self.open(), self.open()
        replier.bind("$.Fred", True)

        async def ask():
            asking = asyncio.ensure_future(requester.request(Request("$.Fred")))
            await replier.receive()
            requester.fd.close()
            with self.assertRaises(OSError) as raised:
                await asking
            self.assertEqual(errno.EBADF, raised.exception.errno)
            other = self.open()
            receiving = asyncio.ensure_future(other.receive())
            await asyncio.sleep(0)
            other.bind("$.News")
            replier.send_msg(Announcement("$.News"))
            return (await receiving).name

        self.assertEqual("$.News", self.play(ask()))

    def test_the_death_of_the_bus_ends_everything(self):
        requester, replier = self.open(), self.open()
        replier.bind("$.Fred", True)

        async def ask():
            task = asyncio.ensure_future(requester.request(Request("$.Fred")))
            await replier.receive()
            self.bus.kill()
            answer = await task
            with self.assertRaises(OSError) as raised:
                await replier.receive()
            self.assertEqual(errno.ENODEV, raised.exception.errno)
            return answer.name

        self.assertEqual("$.KBUS.Replier.GoneAway", self.play(ask()))

    def test_a_send_waits_for_room(self):
        sender, listener = self.open(), self.open()
        listener.bind("$.Fred")
        listener.set_max_messages(1)

        async def send():
            await sender.send_when_possible(Announcement("$.Fred", "1"))
            task = asyncio.ensure_future(sender.send_when_possible(Announcement("$.Fred", "2", flags=Message.ALL_OR_WAIT)))
            await asyncio.sleep(0.01)
            self.assertFalse(task.done())
            heard = [(await listener.receive()).data]
            self.assertEqual(MessageId(0, 2), await task)
            return heard + [(await listener.receive()).data]

        self.assertEqual([b"1", b"2"], self.play(send()))

    def test_who_gives_up_waiting_for_room_leaves_nothing_behind(self):
        sender, listener = self.open(), self.open()
        listener.bind("$.Fred", True)
        listener.bind("$.Fred")
        listener.set_max_messages(1)
        sender.send_msg(Announcement("$.Fred", "1"))

        async def give_up():
            with self.assertRaises(asyncio.TimeoutError):
                await asyncio.wait_for(sender.send_when_possible(Announcement("$.Fred", flags=Message.ALL_OR_WAIT)), 0.01)
            self.assertEqual((False, True), sender.poll())
            self.assertIsNone(await sender.request(Request("$.Fred", flags=Message.ALL_OR_WAIT), timeout=0.01))
            self.assertEqual((False, True), sender.poll())
            return [msg.data for msg in listener]

        self.assertEqual([b"1"], self.play(give_up()))

    def test_a_request_waits_for_room(self):
        requester, replier = self.open(), self.open()
        replier.bind("$.Fred", True)
        replier.bind("$.Fred")
        replier.set_max_messages(1)
        requester.send_msg(Announcement("$.Fred", "in the way"))

        async def ask():
            task = asyncio.ensure_future(requester.request(Request("$.Fred", flags=Message.ALL_OR_WAIT)))
            await asyncio.sleep(0)
            self.assertEqual((False, False), requester.poll())
            while True:
                msg = await replier.receive()
                if msg.wants_us_to_reply():
                    replier.send_msg(reply_to(msg, "at last"))
                    return (await task).data

        self.assertEqual(b"at last", self.play(ask()))


class BlockingTests(KsockTests):
    def test_a_call_needs_no_coroutine(self):
        requester, replier = self.open(), self.open()
        replier.bind("$.Fred", True)

        async def reply():
            request = await replier.receive()
            replier.send_msg(Announcement("$.News", "meanwhile"))
            replier.send_msg(reply_to(request, "So"))

        for call in (requester.call, requester.request):
            thread = threading.Thread(target=lambda: asyncio.run(reply()))
            thread.start()
            requester.bind("$.News")
            answer = call(Request("$.Fred", "How?"), 60)
            thread.join()
            self.assertEqual((Reply, b"So"), (type(answer), answer.data))
            self.assertEqual([b"meanwhile"], [msg.data for msg in requester])
            requester.unbind("$.News")

    def test_what_was_kept_can_be_read_in_every_way(self):
        requester, replier = self.open(), self.open()
        requester.bind("$.News")
        replier.bind("$.Fred", True)
        for text in ("first", "second", "third"):
            replier.send_msg(Announcement("$.News", text))
        self.assertIsNone(requester.call(Request("$.Fred"), timeout=0.01))
        self.assertEqual((3, (True, True)), (requester.num_messages(), requester.poll()))
        length = requester.next_msg()
        self.assertEqual((length, b"Kbus"), (requester.len_left(), requester.read_data(4)))
        self.assertEqual(b"second", requester.read_msg(requester.next_msg()).data)
        self.assertEqual(b"third", requester.wait_for_msg(0).data)
        self.assertEqual((0, b""), (requester.next_msg(), requester.read_data(4)))

    def test_what_was_kept_is_read_in_steps_as_any_other(self):
        requester, replier = self.open(), self.open()
        requester.bind("$.News")
        replier.bind("$.Fred", True)
        for _ in range(3):
            replier.send_msg(Announcement("$.News", "kept"))
            self.assertIsNone(requester.call(Request("$.Fred"), timeout=0.01))
            length = requester.next_msg()
            self.assertEqual((b"Kbus", length - 4, length - 4, 0), (requester.read_data(4), requester.len_left(), len(requester.read_data(-1)), requester.len_left()))
            self.assertEqual(b"", requester.read_data(-1))
        replier.send_msg(Announcement("$.News", "kept"))
        requester.call(Request("$.Fred"), timeout=0.01)
        requester.next_msg()
        requester.close()
        for call in (requester.len_left, lambda: requester.read_data(4)):
            self.assertRaises(ValueError, call)


if __name__ == "__main__":
    import unittest
    unittest.main()
