"""Asking for a Reply, where anything else is an exception, against a real daemon."""

import asyncio
import errno
import pickle
import threading

from kbus import *
from kbus import NoReplyError, ReplyTimeoutError
from tests.test_ksock import KsockTests


class AskTests(KsockTests):
    def replier(self, answer):
        """Somebody who gets one Request of $.Fred, and does something with it; gives the thread, to be joined."""
        ksock = self.open()
        ksock.bind("$.Fred", True)
        thread = threading.Thread(target=lambda: answer(ksock, ksock.wait_for_msg(60)))
        thread.start()
        self.addCleanup(thread.join)
        return thread

    def test_asking_brings_the_reply(self):
        thread = self.replier(lambda ksock, request: ksock.send_msg(reply_to(request, request.data)))
        asker = self.open()
        reply = asker.ask("$.Fred", "How?", timeout=60)
        self.assertEqual((Reply, b"How?"), (type(reply), reply.data))
        thread.join()

    def test_asking_in_a_coroutine_brings_the_reply(self):
        self.replier(lambda ksock, request: ksock.send_msg(reply_to(request, request.data)))
        asker = self.open()

        async def ask():
            return await asker.ask(Request("$.Fred", "How?"), 60)

        self.assertEqual(b"How?", asyncio.run(ask()).data)

    def test_a_status_is_an_error_that_says_which(self):
        self.replier(lambda ksock, request: ksock.close())
        asker = self.open()
        with self.assertRaises(NoReplyError) as raised:
            asker.ask("$.Fred")
        self.said(raised.exception, asker)
        self.said(pickle.loads(pickle.dumps(raised.exception)), asker)

    def said(self, error, asker):
        self.assertIsInstance(error, OSError)
        self.assertEqual((errno.EREMOTEIO, Status, "$.KBUS.Replier.Ignored"), (error.errno, type(error.status), error.status.name))
        self.assertIn("KBUS: No Reply to $.Fred. Ksock %d of bus 0 got a Status: $.KBUS.Replier.Ignored. The replier read the Request and closed"
                      % asker.ksock_id(), str(error))

    def test_a_status_is_an_error_in_a_coroutine(self):
        self.replier(lambda ksock, request: ksock.unbind("$.Fred", True) or ksock.close())
        asker = self.open()

        async def ask():
            await asker.ask("$.Fred", timeout=60)

        with self.assertRaises(NoReplyError):
            asyncio.run(ask())

    def test_no_answer_in_time_is_an_error_and_a_late_one_a_message(self):
        asker, replier = self.open(), self.open()
        replier.bind("$.Fred", True)
        with self.assertRaises(ReplyTimeoutError) as raised:
            asker.ask("$.Fred", timeout=0.01)
        for error in (raised.exception, pickle.loads(pickle.dumps(raised.exception))):
            self.assertIsInstance(error, TimeoutError)
            self.assertEqual(errno.ETIMEDOUT, error.errno)
            self.assertIn("KBUS: No answer to $.Fred came within 0.01 s.", str(error))

        async def ask():
            await asker.ask("$.Fred", timeout=0.01)

        with self.assertRaises(ReplyTimeoutError):
            asyncio.run(ask())
        for request in (replier.wait_for_msg(60), replier.wait_for_msg(60)):
            replier.send_msg(reply_to(request, "late"))
        self.assertEqual([b"late", b"late"], [asker.wait_for_msg(60).data, asker.wait_for_msg(60).data])

    def test_what_cannot_be_sent_is_the_error_of_sending(self):
        asker = self.open()
        self.assertErrno(errno.EADDRNOTAVAIL, asker.ask, "$.Nobody")
