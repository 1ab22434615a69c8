"""While kbusd stands still, calls end at their time, Ctrl-C counts, and the event loop runs (D25)."""

import asyncio
import errno
import os
import signal
import threading
import time
import unittest

from kbus import Announcement, Ksock, Request, reply_to
from tests.test_ksock import KsockTests


class Interruption(Exception):
    pass


class StoppedTests(KsockTests):
    def stop(self):
        """Stops kbusd, and waits until it stands still: kill comes back before that."""
        self.bus.daemon.send_signal(signal.SIGSTOP)
        self.addCleanup(self.go_on)
        state = ""
        while state != "T":
            with open("/proc/%d/stat" % self.bus.daemon.pid) as stat:
                state = stat.read().rpartition(")")[2].split()[0]

    def go_on(self):
        self.bus.daemon.send_signal(signal.SIGCONT)

    def pair(self):
        replier, asker = self.open(), self.open()
        replier.bind("$.Ask", True)
        replier.bind("$.News")
        return replier, asker

    def interrupted(self, call):
        """Makes a call that a signal is to end, whose handler the system may run in any thread."""
        def handler(number, frame):
            raise Interruption
        before = signal.signal(signal.SIGALRM, handler)
        self.addCleanup(signal.signal, signal.SIGALRM, before)
        threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGALRM)).start()
        with self.assertRaises(Interruption):
            call()

    def assertNothingCame(self, ksock):
        self.assertIsNone(ksock.wait_for_msg(0.2))

    def test_a_call_ends_at_its_time_and_its_request_is_never_sent(self):
        replier, asker = self.pair()
        self.stop()
        self.assertIsNone(asker.call("$.Ask", "small", timeout=0.15))
        self.assertIsNone(asker.call("$.Ask", b"x" * 300000, timeout=0.15))
        self.assertIsNone(asker.call(Request("$.Ask", "patient", flags=0x100 | 1), timeout=0.15))
        with self.assertRaises(TimeoutError):
            asker.ask("$.Ask", timeout=0.15)
        self.go_on()
        self.assertNothingCame(replier)

    def test_a_wait_to_send_ends_at_its_time_and_the_message_is_never_sent(self):
        replier, asker = self.pair()
        self.stop()
        self.assertIsNone(asker.wait_to_send_msg(Announcement("$.News", "never"), timeout=0.15))
        self.go_on()
        self.assertNothingCame(replier)

    def test_waiting_for_a_message_ends_at_its_time_while_another_waits_for_room(self):
        replier, asker = self.pair()
        replier.set_max_messages(1)
        asker.send_msg(Announcement("$.News", "first"))
        self.assertErrno(errno.EAGAIN, asker.send_msg, Announcement("$.News", "second", flags=0x100))
        self.stop()
        self.assertIsNone(asker.wait_for_msg(0.15))
        self.assertEqual((False, False), asker.poll())
        self.go_on()
        self.assertEqual(b"first", replier.wait_for_msg(60).data)
        self.assertIsNone(asker.wait_for_msg(0.1))
        self.assertEqual(b"second", replier.wait_for_msg(60).data)

    def test_a_signal_ends_a_send_and_the_message_is_never_sent(self):
        replier, asker = self.pair()
        self.stop()
        self.interrupted(lambda: asker.send_msg(Announcement("$.News", "never")))
        self.interrupted(lambda: asker.send_msgs([Announcement("$.News", "never")] * 3))
        self.interrupted(lambda: asker.call("$.Ask", "never"))
        self.interrupted(lambda: asker.bind("$.Never"))
        self.go_on()
        self.assertNothingCame(replier)

    def test_a_signal_whose_handler_returns_changes_nothing(self):
        replier, asker = self.pair()
        before = signal.signal(signal.SIGALRM, lambda number, frame: None)
        self.addCleanup(signal.signal, signal.SIGALRM, before)
        self.addCleanup(signal.setitimer, signal.ITIMER_REAL, 0)
        self.stop()
        signal.setitimer(signal.ITIMER_REAL, 0.1, 0.1)
        threading.Timer(1.2, self.go_on).start()
        asker.send_msg(Announcement("$.News", "one"))
        self.stop()
        threading.Timer(1.2, self.go_on).start()
        sent = asker.send_msgs([Announcement("$.News", str(n)) for n in range(3)])
        signal.setitimer(signal.ITIMER_REAL, 0)
        self.assertEqual([b"one", b"0", b"1", b"2"], [replier.wait_for_msg(60).data for _ in range(4)])
        self.assertEqual(4, sent[-1].serial_num)
        self.assertNothingCame(replier)

    def test_a_signal_ends_the_opening_of_a_ksock(self):
        self.stop()

        def handler(number, frame):
            raise Interruption
        before = signal.signal(signal.SIGALRM, handler)
        self.addCleanup(signal.signal, signal.SIGALRM, before)
        signal.setitimer(signal.ITIMER_REAL, 0.1)
        with self.assertRaises(Interruption):
            Ksock(0)

    def test_the_event_loop_runs_and_wait_for_ends_at_its_time(self):
        replier, asker = self.pair()
        turns = []

        async def beat():
            while True:
                turns.append(time.monotonic())
                await asyncio.sleep(0.01)

        async def play():
            beating = asyncio.ensure_future(beat())
            try:
                for asking in (lambda: asker.request("$.Ask", "never"), lambda: asker.send_when_possible(Announcement("$.News", "never"))):
                    with self.assertRaises(asyncio.TimeoutError):
                        await asyncio.wait_for(asking(), 0.5)
                self.assertIsNone(await asker.request("$.Ask", "never", timeout=0.5))
            finally:
                beating.cancel()

        self.stop()
        asyncio.run(play())
        self.assertGreater(len(turns), 10)
        # What is on its way may still be sent for a moment; then nothing is.
        time.sleep(1)
        self.go_on()
        self.assertNothingCame(replier)

    def test_a_request_waits_for_kbusd_in_the_event_loop_and_is_answered(self):
        replier, asker = self.pair()

        async def play():
            asking = asyncio.ensure_future(asker.request("$.Ask", "late", timeout=60))
            await asyncio.sleep(0.5)
            self.go_on()
            request = await replier.receive(60)
            replier.send_msg(reply_to(request, "answer"))
            return (await asking).data

        self.stop()
        self.assertEqual(b"answer", asyncio.run(play()))
        self.assertNothingCame(replier)


if __name__ == "__main__":
    unittest.main()
