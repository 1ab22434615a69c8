"""Errors name the message name and the Ksock, and say the one case that applies; to programs they are what they were."""

import copy
import errno
import os
import pickle
import traceback
import unittest

from kbus import *
from kbus._errors import ClosedError, ForkedError
from tests.test_ksock import KsockTests


class ErrorTests(KsockTests):
    def refused(self, call, *arguments):
        with self.assertRaises(OSError) as raised:
            call(*arguments)
        return raised.exception

    def test_a_request_that_nobody_replies_to(self):
        ksock = self.open()
        refusal = self.refused(ksock.send_msg, Request("$.Thermo.Raed"))
        self.assertEqual("[Errno 99] Cannot assign requested address. KBUS: Nobody is bound as replier to $.Thermo.Raed. "
                         "Ksock 1 of bus 0 sent nothing. Start the replier, or wait for it to bind.", str(refusal))
        self.assertEqual("Nobody is bound as replier to $.Thermo.Raed. Ksock 1 of bus 0 sent nothing. Start the replier, or wait for it to bind.",
                         refusal.explanation)

    def test_what_programs_compare_is_plain(self):
        ksock = self.open()
        for number, call, arguments in ((errno.EADDRNOTAVAIL, ksock.send_msg, (Request("$.Nobody"),)), (errno.EBADMSG, ksock.bind, ("Fred",)),
                                        (errno.EINVAL, ksock.unbind, ("$.Fred",)), (errno.ENOMSG, ksock.send, ()),
                                        (errno.EINVAL, ksock.set_max_message_size, (99,))):
            refusal = self.refused(call, *arguments)
            self.assertEqual((number, os.strerror(number)), (refusal.errno, refusal.strerror))
            self.assertEqual((number, os.strerror(number)), refusal.args)
        refusal = self.refused(Ksock, 77)
        self.assertEqual((errno.ENOENT, os.strerror(errno.ENOENT), "/dev/kbus77"), (refusal.errno, refusal.strerror, refusal.filename))

    def test_the_class_is_that_of_python(self):
        ksock, other = self.open(), self.open()
        other.bind("$.Fred", True)
        lost = self.refused(ksock.send_msg, Request("$.Fred", to=77))
        self.assertIsInstance(lost, BrokenPipeError)
        self.assertIsInstance(self.refused(Ksock, 77), FileNotFoundError)
        self.assertEqual("BrokenPipeError: [Errno 32] Broken pipe. KBUS: Ksock 77 no longer replies to $.Fred. Ksock 1 of bus 0 sent nothing. "
                         "The state that the replier held is gone: start the conversation again with a Request to nobody in particular.\n",
                         traceback.format_exception_only(type(lost), lost)[-1])

    def test_who_is_in_the_way(self):
        ksock, other = self.open(), self.open()
        ksock.bind("$.R", True)
        self.assertIn("KBUS: Ksock 1 of bus 0 itself is already bound as replier to $.R.", str(self.refused(ksock.bind, "$.R", True)))
        self.assertIn("KBUS: Ksock 1 is already bound as replier to $.R; Ksock 2 of bus 0 cannot be it, too.",
                      str(self.refused(other.bind, "$.R", True)))

    def test_each_of_several_messages(self):
        ksock = self.open()
        sent = ksock.send_msgs([Request("$.First"), Announcement("$.Second"), Request("$.Third", "data")])
        self.assertIn("Nobody is bound as replier to $.First. Ksock 1", str(sent[0]))
        self.assertEqual(MessageId(0, 2), sent[1])
        self.assertIn("Nobody is bound as replier to $.Third. Ksock 1", str(sent[2]))

    def test_what_waits_for_room(self):
        sender, listener = self.open(), self.open()
        listener.bind("$.Full")
        listener.set_max_messages(1)
        sender.send_msg(Announcement("$.Full"))
        waits = self.refused(sender.send_msg, Announcement("$.Full", flags=Message.ALL_OR_WAIT))
        self.assertIsInstance(waits, BlockingIOError)
        self.assertIn("KBUS: Somebody whom $.Full is for has a full queue; the message of Ksock 1 of bus 0 waits", str(waits))
        self.assertIn("$.Full is for has a full queue; the message of Ksock 1", str(self.refused(sender.send)))
        for send in (sender.send_msg, sender.call):
            busy = self.refused(send, Request("$.Other"))
            self.assertIsInstance(busy, BlockingIOError)
            self.assertIn("KBUS: The message that Ksock 1 of bus 0 sent before still waits for room, and goes on waiting; $.Other was not taken. "
                          "Wait until the message that waits has gone, or discard it; then send the new one.", str(busy))

    def test_errors_are_copied_and_pickled(self):
        ksock = self.open()
        refusals = [self.refused(ksock.send_msg, Request("$.Nobody")), self.refused(ksock.send_msg, Request("$.Nobody", to=5)),
                    self.refused(Ksock, 77), ClosedError("/dev/kbus0"), ForkedError("/dev/kbus0")]
        for refusal in refusals:
            for again in (pickle.loads(pickle.dumps(refusal)), copy.copy(refusal), copy.deepcopy(refusal)):
                self.assertEqual((type(refusal), str(refusal), refusal.args, refusal.errno, refusal.strerror, refusal.filename),
                                 (type(again), str(again), again.args, again.errno, again.strerror, again.filename))

    def test_closed_and_forked_are_said_in_the_same_way(self):
        self.assertEqual("[Errno 9] Bad file descriptor. KBUS: /dev/kbus0 is closed. Open a new Ksock.", str(ClosedError("/dev/kbus0")))
        self.assertEqual((errno.EBADF, os.strerror(errno.EBADF)), ForkedError("/dev/kbus0").args)


class EqualityTests(unittest.TestCase):
    def test_equal_messages_compare_equal_by_msg(self):
        one, other = Request("$.Fred", "data", to=5), Request("$.Fred", b"data", to=5)
        entire = Request.from_bytes(one.to_bytes())
        for message in (other, entire, Message.from_bytes(one.to_bytes()), pickle.loads(pickle.dumps(one))):
            self.assertTrue(one.msg == message.msg and message.msg == one.msg)
            self.assertFalse(one.msg != message.msg)
            self.assertEqual(hash(one.msg), hash(message.msg))
        for message in (Request("$.Fred", "date", to=5), Request("$.Jim", "data", to=5), Request("$.Fred", "data", to=6), Announcement("$.Fred", "data")):
            self.assertTrue(one.msg != message.msg and entire.msg != message.msg)
        self.assertNotEqual(one.msg, "something else")


if __name__ == "__main__":
    unittest.main()
