"""Sends that wait for room: none is forgotten, and none is taken for another of the same Ksock."""

import asyncio
import errno
import select
import threading

from kbus import *
from tests.test_ksock import KsockTests

OR_WAIT = Message.ALL_OR_WAIT


class RoomTests(KsockTests):
    def full(self):
        """A sender, and a listener whose queue is full. It is also the replier for ``$.Ask``, and then gets each Request twice."""
        sender, listener = self.open(), self.open()
        listener.bind("$.Fred")
        listener.bind("$.Ask", True)
        listener.bind("$.Ask")
        listener.set_max_messages(1)
        sender.send_msg(Message("$.Fred", "first"))
        return sender, listener

    def waiting(self):
        """The same, with a message of the sender that waits for room."""
        sender, listener = self.full()
        self.assertErrno(errno.EAGAIN, sender.send_msg, Message("$.Fred", "second", flags=OR_WAIT))
        return sender, listener


class RetryTests(RoomTests):
    def test_a_look_for_a_message_tries_a_waiting_send_again(self):
        for look in (lambda ksock: ksock.wait_for_msg(0), lambda ksock: ksock.borrow_next_msg()):
            sender, listener = self.waiting()
            listener.read_next_msg()
            self.assertIsNone(look(sender))
            self.assertEqual(b"second", listener.read_next_msg().data)
            listener.close()

    def test_a_wait_that_finds_a_message_at_once_tries_a_waiting_send_again(self):
        for wait in (lambda ksock: ksock.wait_for_msg(), lambda ksock: ksock.borrow_next_msg(None)):
            sender, listener = self.waiting()
            sender.bind("$.News")
            listener.send_msg(Message("$.News"))
            listener.read_next_msg()
            self.assertEqual("$.News", wait(sender).name)
            self.assertEqual(b"second", listener.read_next_msg().data)
            listener.close()

    def test_a_refused_second_send_does_not_make_the_ksock_forget_the_first(self):
        sender, listener = self.waiting()
        for send in (lambda: sender.send_msg(Message("$.Jim")), lambda: sender.write_msg(Message("$.Jim"))):
            self.assertErrno(errno.EALREADY, send)
        self.assertEqual([errno.EALREADY], [outcome.errno for outcome in sender.send_msgs([Message("$.Jim")])])
        listener.read_next_msg()
        self.assertEqual(([], [sender], []), select.select([], [sender], [], 10))
        self.assertEqual(b"second", listener.read_next_msg().data)

    def test_a_thread_that_waits_already_tries_a_send_of_another_thread_again(self):
        for round_trips in (0, 1, 100, 1000):
            sender, listener = self.full()
            sender.bind("$.End")
            waiting = threading.Thread(target=sender.wait_for_msg)
            waiting.start()
            # So much time the thread has to begin to wait.
            for _ in range(round_trips):
                listener.num_messages()
            self.assertErrno(errno.EAGAIN, sender.send_msg, Message("$.Fred", "second", flags=OR_WAIT))
            self.assertEqual([b"first", b"second"], [listener.wait_for_msg(60).data for _ in range(2)])
            listener.send_msg(Message("$.End"))
            waiting.join()
            listener.close()

    def test_what_waits_when_the_bus_dies_keeps_nobody_from_reading(self):
        sender, listener = self.waiting()
        sender.bind("$.News")
        listener.send_msg(Message("$.News", "last"))
        self.bus.kill()
        self.assertEqual([sender], select.select([sender], [], [], 10)[0])
        self.assertEqual(b"last", sender.wait_for_msg(10).data)
        self.assertErrno(errno.ENODEV, sender.wait_for_msg, 10)

    def test_receiving_in_a_coroutine_tries_one_waiting_send_after_another(self):
        sender, listener = self.full()

        async def receive():
            receiving = asyncio.ensure_future(sender.receive())
            heard = []
            for n in range(20):
                await asyncio.sleep(0)
                self.assertErrno(errno.EAGAIN, sender.send_msg, Message("$.Fred", str(n), flags=OR_WAIT))
                heard.append((await listener.receive()).data)
                while not sender.poll()[1]:
                    await asyncio.sleep(0)
            heard.append((await listener.receive()).data)
            receiving.cancel()
            return heard

        self.assertEqual([b"first"] + [b"%d" % n for n in range(20)], asyncio.run(asyncio.wait_for(receive(), 60)))

    def test_receiving_in_a_coroutine_tries_a_waiting_send_again(self):
        async def receive(begins_to_wait_first):
            sender, listener = self.full() if begins_to_wait_first else self.waiting()
            receiving = asyncio.ensure_future(sender.receive())
            await asyncio.sleep(0)
            if begins_to_wait_first:
                self.assertErrno(errno.EAGAIN, sender.send_msg, Message("$.Fred", "second", flags=OR_WAIT))
            heard = [(await listener.receive()).data, (await listener.receive()).data]
            receiving.cancel()
            listener.close()
            return heard

        for begins_to_wait_first in (False, True):
            self.assertEqual([b"first", b"second"], asyncio.run(asyncio.wait_for(receive(begins_to_wait_first), 60)))


class WaitingToSendTests(RoomTests):
    def test_a_message_that_need_not_wait_is_sent_at_once(self):
        sender, listener = self.full()
        self.assertEqual(MessageId(0, 2), sender.wait_to_send_msg(Message("$.Jim", flags=OR_WAIT)))
        self.assertErrno(errno.EADDRNOTAVAIL, sender.wait_to_send_msg, Request("$.Nobody"))
        # Without the flag it is not sent to who has no room.
        self.assertEqual(MessageId(0, 4), sender.wait_to_send_msg(Message("$.Fred", "missed")))

    def test_a_message_is_sent_when_there_is_room(self):
        sender, listener = self.full()
        heard = []
        thread = threading.Thread(target=lambda: heard.extend(listener.wait_for_msg(60).data for _ in range(2)))
        sent = []
        sending = threading.Thread(target=lambda: sent.append(sender.wait_to_send_msg(Message("$.Fred", "second", flags=OR_WAIT))))
        sending.start()
        thread.start()
        sending.join()
        thread.join()
        self.assertEqual(([MessageId(0, 2)], [b"first", b"second"]), (sent, heard))

    def test_a_message_is_dropped_when_the_time_is_over(self):
        sender, listener = self.full()
        self.assertIsNone(sender.wait_to_send_msg(Message("$.Fred", "second", flags=OR_WAIT), timeout=0.01))
        self.assertEqual((False, True), sender.poll())
        self.assertEqual([b"first"], [msg.data for msg in listener])

    def test_a_message_waits_until_another_has_gone(self):
        sender, listener = self.waiting()
        self.assertIsNone(sender.wait_to_send_msg(Message("$.Fred", "third", flags=OR_WAIT), timeout=0.01))
        # Only its own message may be dropped, not the one that waits.
        self.assertEqual((False, False), sender.poll())
        sent = []
        sending = threading.Thread(target=lambda: sent.append(sender.wait_to_send_msg(Message("$.Fred", "third", flags=OR_WAIT))))
        sending.start()
        heard = [listener.wait_for_msg(60).data for _ in range(3)]
        sending.join()
        self.assertEqual(([b"first", b"second", b"third"], [sender.last_msg_id()]), (heard, sent))

    def test_many_threads_wait_to_send(self):
        sender, listener = self.full()

        def send(number):
            for n in range(20):
                sender.wait_to_send_msg(Message("$.Fred", "%d %d" % (number, n), flags=OR_WAIT))

        threads = [threading.Thread(target=send, args=[number]) for number in range(4)]
        for thread in threads:
            thread.start()
        heard = [listener.wait_for_msg(60).data for _ in range(81)]
        for thread in threads:
            thread.join()
        for number in range(4):
            self.assertEqual([b"%d %d" % (number, n) for n in range(20)], [data for data in heard if data.startswith(b"%d " % number)])


class SecondSendTests(RoomTests):
    """A Ksock that is asked to send while a message of it waits for room."""

    def test_a_call_is_refused_while_another_message_waits(self):
        sender, listener = self.waiting()
        replier = self.open()
        replier.bind("$.Free", True)
        for call in (sender.call, sender.request):
            self.assertIsInstance(self.assertErrno(errno.EALREADY, call, Request("$.Free")), BlockingIOError)
        self.assertIsNone(replier.read_next_msg())
        self.assertEqual(0, len(sender._asking))
        self.assertEqual((False, False), sender.poll())

    def play(self, coroutine):
        return asyncio.run(asyncio.wait_for(coroutine, 300))

    async def heard_by(self, listener, count):
        return [(await listener.receive()).data for _ in range(count)]

    def test_sends_that_wait_at_once_are_all_sent_in_their_order(self):
        sender, listener = self.full()

        async def send():
            sending = [asyncio.ensure_future(sender.send_when_possible(Message("$.Fred", str(n), flags=OR_WAIT))) for n in range(10)]
            heard = await self.heard_by(listener, 11)
            return heard, await asyncio.gather(*sending)

        heard, ids = self.play(send())
        self.assertEqual([b"first"] + [b"%d" % n for n in range(10)], heard)
        self.assertEqual([MessageId(0, 2 + n) for n in range(10)], ids)

    def test_a_send_beside_one_that_waits_is_sent_in_its_turn(self):
        sender, listener = self.waiting()
        other = self.open()
        other.bind("$.Jim")

        async def send():
            sending = asyncio.ensure_future(sender.send_when_possible(Announcement("$.Jim", "there is room for this")))
            await asyncio.sleep(0)
            self.assertEqual((0, False), (other.num_messages(), sending.done()))
            return await self.heard_by(listener, 2), await self.heard_by(other, 1), await sending

        self.assertEqual(([b"first", b"second"], [b"there is room for this"], MessageId(0, 3)), self.play(send()))

    def test_each_of_two_requests_gets_its_own_answer_though_the_first_waits(self):
        requester, busy = self.full()
        free = self.open()
        free.bind("$.Free", True)

        async def reply(replier):
            async for msg in replier:
                if msg.wants_us_to_reply():
                    replier.send_msg(reply_to(msg, b"to " + msg.data))

        async def ask():
            first = asyncio.ensure_future(requester.request(Request("$.Ask", "first", flags=OR_WAIT)))
            await asyncio.sleep(0)
            second = asyncio.ensure_future(requester.request(Request("$.Free", "second")))
            await asyncio.sleep(0)
            replying = [asyncio.ensure_future(reply(replier)) for replier in (busy, free)]
            answers = [(await first).data, (await second).data]
            for task in replying:
                task.cancel()
            return answers

        self.assertEqual([b"to first", b"to second"], self.play(ask()))

    def test_the_time_of_a_request_counts_from_its_call_while_another_message_waits(self):
        sender, listener = self.waiting()
        replier = self.open()
        replier.bind("$.Free", True)

        async def ask():
            self.assertIsNone(await sender.request(Request("$.Free"), timeout=0.01))
            asking = asyncio.ensure_future(sender.request(Request("$.Free")))
            await asyncio.sleep(0)
            asking.cancel()
            await asyncio.wait([asking])
            return asking.cancelled()

        self.assertTrue(self.play(ask()))
        self.assertEqual((0, (False, False)), (replier.num_messages(), sender.poll()))

    def test_a_request_that_is_over_drops_no_other_message_that_waits(self):
        async def give_up(how, send):
            sender, listener = self.full()
            slow = self.open()
            slow.bind("$.Slow", True)
            first = asyncio.ensure_future(sender.request(Request("$.Slow"), timeout=0.05 if how == "timeout" else None))
            await asyncio.sleep(0)
            second = asyncio.ensure_future(send(sender))
            await asyncio.sleep(0)
            if how == "cancel":
                first.cancel()
            await asyncio.wait([first])
            self.assertEqual((False, False), sender.poll())
            heard = await self.heard_by(listener, 2)
            second.cancel()
            listener.close()
            slow.close()
            return heard

        for how in ("timeout", "cancel"):
            for send in (lambda sender: sender.send_when_possible(Announcement("$.Fred", "second", flags=OR_WAIT)),
                         lambda sender: sender.request(Request("$.Ask", "second", flags=OR_WAIT))):
                with self.subTest(how=how):
                    self.assertEqual([b"first", b"second"], self.play(give_up(how, send)))


if __name__ == "__main__":
    import unittest
    unittest.main()
