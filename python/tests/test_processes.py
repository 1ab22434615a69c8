"""Ksocks and processes: forks, signals, deaths."""

import errno
import multiprocessing
import os
import signal
import subprocess
import sys
import threading

from kbus import *
from tests.test_ksock import KsockTests


def reply_once(ready):
    """What a child of multiprocessing does: it opens a Ksock of its own."""
    with Ksock() as ksock:
        ksock.bind("$.Fred", True)
        ready.set()
        ksock.send_msg(reply_to(ksock.wait_for_msg(60), "from the child"))


class ProcessTests(KsockTests):
    def in_child(self, act):
        """Forks, and gives what the child's function returns, as text."""
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                os.write(writer, repr(act()).encode())
            except BaseException as e:
                os.write(writer, repr(e).encode())
            finally:
                os._exit(0)
        os.close(writer)
        with os.fdopen(reader) as said:
            text = said.read()
        os.waitpid(child, 0)
        return text

    def test_a_ksock_of_the_parent_is_refused_in_the_child(self):
        ksock = self.open()
        ksock.bind("$.Fred")

        def use():
            refused = []
            for call in (ksock.ksock_id, ksock.read_next_msg, ksock.send, lambda: ksock.bind("$.Jim"), ksock.wait_for_msg,
                         lambda: ksock.send_msg(Message("$.Fred")), ksock.poll, ksock.discard):
                try:
                    refused.append(call())
                except OSError as e:
                    refused.append((e.errno, "After a fork, open a Ksock of your own" in str(e)))
            ksock.close()
            return refused

        self.assertEqual(repr([(errno.EBADF, True)] * 8), self.in_child(use))
        # The parent's is as it was, also after the child has closed its copy and gone.
        self.assertEqual([(1, False, "$.Fred")], read_bindings({}))
        ksock.send_msg(Message("$.Fred", "abc"))
        self.assertEqual(b"abc", ksock.wait_for_msg(60).data)

    def test_a_fork_while_other_threads_wait(self):
        listener, requester, replier = self.open(), self.open(), self.open()
        listener.bind("$.News")
        replier.bind("$.Fred", True)
        got = []
        threads = [threading.Thread(target=lambda: got.append(listener.wait_for_msg().data)),
                   threading.Thread(target=lambda: got.append(requester.call(Request("$.Fred")).data))]
        for thread in threads:
            thread.start()
        request = replier.wait_for_msg(60)

        def use():
            refused = []
            for call in (listener.read_next_msg, requester.poll):
                try:
                    refused.append(call())
                except OSError as e:
                    refused.append((e.errno, "After a fork, open a Ksock of your own" in str(e)))
            with Ksock() as own:
                own.bind("$.Child")
                own.send_msg(Message("$.Child", "own"))
                refused.append(own.wait_for_msg(60).data)
            return refused

        for _ in range(5):
            self.assertEqual(repr([(errno.EBADF, True)] * 2 + [b"own"]), self.in_child(use))
            run = subprocess.run([sys.executable, "-c", "import kbus; print(kbus.Ksock().find_replier('$.Fred'))"], stdout=subprocess.PIPE, timeout=300)
            self.assertEqual(b"3\n", run.stdout)
        self.assertEqual([], got)
        replier.send_msg(Announcement("$.News", "news"))
        replier.send_msg(reply_to(request, "answer"))
        for thread in threads:
            thread.join(60)
        self.assertEqual({b"news", b"answer"}, set(got))

    def test_a_child_opens_its_own(self):
        ksock = self.open()
        ksock.bind("$.Fred")

        def use():
            with Ksock() as own:
                own.send_msg(Message("$.Fred", "from the child"))
                return own.ksock_id()

        self.assertEqual("2", self.in_child(use))
        self.assertEqual(b"from the child", ksock.wait_for_msg(60).data)

    def test_multiprocessing_in_all_its_ways(self):
        for method in ("fork", "spawn", "forkserver"):
            with self.subTest(method=method):
                context = multiprocessing.get_context(method)
                ready = context.Event()
                child = context.Process(target=reply_once, args=(ready,))
                # Opened before the fork, as a careless program would have it.
                requester = self.open()
                child.start()
                self.assertTrue(ready.wait(60))
                answer = requester.call(Request("$.Fred"), 60)
                self.assertEqual(b"from the child", answer.data)
                child.join(60)
                self.assertEqual(0, child.exitcode)

    def test_a_signal_ends_a_wait(self):
        ksock = self.open()

        class Stop(Exception):
            pass

        def stop(number, frame):
            raise Stop

        before = signal.signal(signal.SIGUSR1, stop)
        self.addCleanup(signal.signal, signal.SIGUSR1, before)
        for wait in (ksock.wait_for_msg, lambda: ksock.wait_for_msg(60)):
            # Sent again until it has been felt: the first may come before the wait has begun.
            done = threading.Event()

            def send():
                while not done.wait(0.02):
                    os.kill(os.getpid(), signal.SIGUSR1)

            thread = threading.Thread(target=send)
            try:
                thread.start()
                wait()
                self.fail("nothing can have come")
            except Stop:
                done.set()
            finally:
                done.set()
                thread.join()

    def test_signals_are_handled_as_before(self):
        program = ("import signal; before = [signal.getsignal(n) for n in signal.valid_signals()]\n"
                   "import kbus; k = kbus.Ksock(); k.close()\n"
                   "assert before == [signal.getsignal(n) for n in signal.valid_signals()]\n"
                   "signal.signal(signal.SIGPIPE, signal.SIG_DFL)\n"
                   "k = kbus.Ksock(); k.send_msg(kbus.Message('$.Fred')); k.close()\n"
                   "print(signal.getsignal(signal.SIGPIPE) is signal.SIG_DFL)")
        run = subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300)
        self.assertEqual(b"True\n", run.stdout)

    def test_a_killed_replier_is_noticed(self):
        ksock = self.open()
        ksock.bind("$.Ready")
        program = "import kbus; k = kbus.Ksock(); k.bind('$.Fred', True); k.send_msg(kbus.Announcement('$.Ready')); k.wait_for_msg(); k.wait_for_msg()"
        child = subprocess.Popen([sys.executable, "-c", program])
        self.assertEqual("$.Ready", ksock.wait_for_msg(60).name)
        ksock.send_msg(Request("$.Fred"))
        child.kill()
        child.wait(60)
        self.assertTrue(ksock.wait_for_msg(60).name.startswith("$.KBUS.Replier."))


if __name__ == "__main__":
    import unittest
    unittest.main()
