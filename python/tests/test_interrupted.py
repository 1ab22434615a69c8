"""A signal handler that raises ends a wait or a call wherever it is, and no message is lost by that."""

import gc
import random
import signal
import sys
import threading
import unittest

from kbus import Announcement, Request, Status, reply_to
from tests.test_ksock import KsockTests

_ROUNDS = 1500


# Before, Python runs handlers also between the end of a call and the use of what it gave: docs/python.md says so.
_needs_whole_calls = unittest.skipIf(sys.version_info < (3, 11), "the promise begins with Python 3.11")


class Interruption(Exception):
    pass


class InterruptedTests(KsockTests):
    def setUp(self):
        super().setUp()
        self.interruptions = 0
        self.is_armed = False
        # How long an action is given at most, in seconds.
        self.longest = 0.0003
        # What earlier tests left is not to be finalized, and interrupted, in the middle of an action.
        gc.collect()
        before = signal.signal(signal.SIGALRM, self.interrupt)
        self.addCleanup(signal.signal, signal.SIGALRM, before)
        self.addCleanup(signal.setitimer, signal.ITIMER_REAL, 0)

    def interrupt(self, number, frame):
        """Ends the action that goes on. A signal may be heard late, by another thread of this process: then there is nothing to end any more."""
        if self.is_armed:
            self.is_armed = False
            self.interruptions += 1
            raise Interruption

    def now_and_then(self, chance, action):
        """Does it, and has about every second time ended by the handler, wherever it is then and however quick the machine is."""
        before = self.interruptions
        self.interrupted(chance.uniform(0.000001, self.longest), action)
        self.longest *= 0.9 if self.interruptions == before else 1.1

    def interrupted(self, seconds, action):
        """What an action gives; None if the handler ended it."""
        try:
            self.is_armed = True
            signal.setitimer(signal.ITIMER_REAL, seconds)
            try:
                return action()
            finally:
                self.is_armed = False
                signal.setitimer(signal.ITIMER_REAL, 0)
        except Interruption:
            return None

    def replies(self, replier):
        """Before each Reply, which has a number, comes some news with the same number, and after it some more."""
        count = 0
        while True:
            request = replier.wait_for_msg()
            if request.name == "$.Last":
                return
            replier.send_msg(Announcement("$.News", "before %d" % count))
            replier.send_msg(reply_to(request, "%d" % count))
            replier.send_msg(Announcement("$.News", "after %d" % count))
            count += 1

    @_needs_whole_calls
    def test_no_message_is_lost_when_calls_are_interrupted(self):
        seed = random.randrange(1 << 30)
        chance = random.Random(seed)
        requester, replier, last = self.open(), self.open(), self.open()
        for ksock in (requester, replier):
            ksock.set_max_messages(20 * _ROUNDS)
        requester.bind("$.News")
        replier.bind("$.Fred", True)
        replier.bind("$.Last")
        thread = threading.Thread(target=self.replies, args=[replier])
        # The thread inherits this. Or the kernel might give it the signal, and Python run the handler when nobody expects it any more.
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])
        thread.start()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGALRM])
        try:
            answered, read = [], []
            for _ in range(_ROUNDS):
                self.now_and_then(chance, lambda: answered.append(requester.call(Request("$.Fred"))))
                if chance.random() < 0.2:
                    read.extend(requester)
        finally:
            last.send_msg(Announcement("$.Last"))
            thread.join()
        read.extend(requester)
        said = "seed %d, %d interruptions, %d answers in time" % (seed, self.interruptions, len(answered))
        self.assertTrue(self.interruptions > 10 and len(answered) > 10, said)
        news = [msg.data for msg in read if not msg.is_reply()]
        numbers = sorted(int(msg.data) for msg in answered + [msg for msg in read if msg.is_reply()])
        self.assertEqual([b"%s %d" % (word, n) for n in range(len(numbers)) for word in (b"before", b"after")], news, said)
        self.assertEqual(list(range(len(numbers))), numbers, said)
        self.assertEqual(0, requester.num_messages())

    @_needs_whole_calls
    def test_no_message_is_lost_when_waits_are_interrupted(self):
        seed = random.randrange(1 << 30)
        chance = random.Random(seed)
        listener, sender = self.open(), self.open()
        listener.bind("$.News")
        read = []
        for n in range(_ROUNDS):
            sender.send_msg(Announcement("$.News", "%d" % n))
            allowed = self.interruptions + 1000
            while len(read) <= n:
                self.assertLess(self.interruptions, allowed, "message %d does not come, seed %d" % (n, seed))
                self.now_and_then(chance, lambda: read.append(listener.wait_for_msg()))
        said = "seed %d, %d interruptions" % (seed, self.interruptions)
        self.assertGreater(self.interruptions, 10, said)
        self.assertEqual([b"%d" % n for n in range(_ROUNDS)], [msg.data for msg in read], said)

    def test_a_late_reply_is_read_after_an_interrupted_call(self):
        requester, replier = self.open(), self.open()
        replier.bind("$.Fred", True)
        self.assertIsNone(self.interrupted(0.05, lambda: requester.call(Request("$.Fred"))))
        self.assertEqual(1, self.interruptions)
        replier.send_msg(reply_to(replier.wait_for_msg(60), "late"))
        self.assertEqual(b"late", requester.wait_for_msg(60).data)
        replier.unbind("$.Fred", True)
        with self.assertRaises(OSError):
            requester.call(Request("$.Fred"))

    def test_an_interrupted_call_that_waits_for_room_leaves_nothing_waiting(self):
        requester, replier = self.open(), self.open()
        replier.bind("$.Fred", True)
        replier.set_max_messages(1)
        requester.send_msg(Request("$.Fred", "first"))
        waiting = Request("$.Fred", "second", flags=Request.ALL_OR_WAIT)
        self.assertIsNone(self.interrupted(0.05, lambda: requester.call(waiting)))
        self.assertEqual(1, self.interruptions)
        self.assertEqual([b"first"], [msg.data for msg in replier])
        self.assertEqual((False, True), requester.poll())
        replier.close()
        self.assertIsInstance(requester.wait_for_msg(60).cast(), Status)
        self.assertIsNone(requester.read_next_msg())

    @_needs_whole_calls
    def test_a_handler_that_reads_leaves_no_blank_message(self):
        listener, sender = self.open(), self.open()
        listener.bind("$.News")
        read = []

        def read_too(number, frame):
            read.extend(listener)

        signal.signal(signal.SIGALRM, read_too)
        for n in range(_ROUNDS):
            sender.send_msg(Announcement("$.News", "%d" % n))
            signal.setitimer(signal.ITIMER_REAL, (n % 30 + 1) / 1000000)
            read.extend(listener)
        signal.setitimer(signal.ITIMER_REAL, 0)
        read.extend(listener)
        self.assertEqual({b"%d" % n for n in range(_ROUNDS)}, {msg.data for msg in read})

    def test_a_message_being_read_in_steps_is_not_taken_for_one_that_was_lost(self):
        listener, sender = self.open(), self.open()
        listener.bind("$.News")
        for text in ("first", "second"):
            sender.send_msg(Announcement("$.News", text))
        listener.next_msg()
        listener.read_data(8)
        self.assertEqual(b"second", listener.read_next_msg().data)
        self.assertIsNone(listener.read_next_msg())


if __name__ == "__main__":
    unittest.main()
