"""Messages that are sent together, and messages that are borrowed when they come."""

import errno
import threading

from kbus import *
from tests.test_ksock import KsockTests


class TogetherTests(KsockTests):
    def test_messages_are_sent_in_their_order(self):
        sender, listener = self.open(), self.open()
        listener.bind("$.Fred")
        listener.set_max_messages(1000)
        sent = sender.send_msgs(Announcement("$.Fred", str(n)) for n in range(1000))
        self.assertEqual([MessageId(0, n + 1) for n in range(1000)], sent)
        self.assertEqual([(b"%d" % n, sent[n]) for n in range(1000)], [(msg.data, msg.id) for msg in listener])
        self.assertEqual([], sender.send_msgs([]))

    def test_each_has_its_own_outcome(self):
        sender, listener = self.open(), self.open()
        listener.bind("$.Fred")
        sent = sender.send_msgs([Announcement("$.Fred", "1"), Request("$.Nobody"), Announcement("$.Fr*d"), Announcement("$.Fred", "2")])
        self.assertEqual([errno.EADDRNOTAVAIL, errno.EBADMSG], [error.errno for error in sent[1:3]])
        self.assertIn("no replier is bound to a name that matches", str(sent[1]))
        self.assertEqual([(b"1", sent[0]), (b"2", sent[3])], [(msg.data, msg.id) for msg in listener])

    def test_one_that_waits_for_room_holds_up_the_rest(self):
        sender, listener = self.open(), self.open()
        listener.bind("$.Fred")
        listener.set_max_messages(1)
        sent = sender.send_msgs([Announcement("$.Fred", str(n), flags=Message.ALL_OR_WAIT) for n in range(3)])
        self.assertEqual([errno.EAGAIN, errno.EALREADY], [error.errno for error in sent[1:]])
        self.assertEqual((False, False), sender.poll())
        self.assertEqual(b"0", listener.read_next_msg().data)
        self.assertEqual(MessageId(0, 2), sender.send())
        self.assertEqual([b"1"], [msg.data for msg in listener])

    def test_what_was_read_and_what_is_big_can_be_sent_together(self):
        ksock = self.open()
        ksock.bind("$.Fred")
        for data in (None, b"abc", bytes(range(256)) * 1000):
            ksock.send_msg(Message("$.Fred", data))
            read = ksock.read_next_msg()
            ksock.send_msgs([read, Message("$.Fred", data), Message.from_bytes(read.to_bytes())])
            self.assertEqual([data] * 3, [msg.data for msg in ksock])

    def test_only_messages_are_sent(self):
        ksock = self.open()
        ksock.bind("$.Fred")
        with self.assertRaisesRegex(TypeError, "^A message is wanted here, .* not str$"):
            ksock.send_msgs([Announcement("$.Fred"), "$.Fred"])
        self.assertEqual([], list(ksock))


class BorrowingTests(KsockTests):
    def test_waiting_for_a_message_to_borrow(self):
        sender, listener = self.open(), self.open()
        listener.bind("$.Fred")
        self.assertIsNone(listener.borrow_next_msg())
        self.assertIsNone(listener.borrow_next_msg(timeout=0.01))
        data = bytes(range(256)) * 1000
        threads = []
        for timeout in (None, 60):
            threads.append(threading.Thread(target=sender.send_msg, args=[Announcement("$.Fred", data)]))
            threads[-1].start()
            msg = listener.borrow_next_msg(timeout)
            view = memoryview(msg.data_view)
            self.assertTrue(view.readonly)
            self.assertEqual(data, view)
            del msg, view
        for thread in threads:
            thread.join()
        self.assertIsNone(listener.borrow_next_msg())


if __name__ == "__main__":
    import unittest
    unittest.main()
