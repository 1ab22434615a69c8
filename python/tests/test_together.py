"""Messages that are sent together, and messages that are borrowed when they come."""

import copy
import errno
import os
import pickle
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

    def test_a_batch_that_the_library_refuses_is_an_error_and_not_taken_for_sent(self):
        sender = self.open()
        child = os.fork()
        if child == 0:
            number = 0
            try:
                sender.send_msgs([Announcement("$.Fred", "1")] * 3)
            except OSError as e:
                number = e.errno
            finally:
                os._exit(number)
        self.assertEqual(errno.EBADF, os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))

    def test_each_has_its_own_outcome(self):
        sender, listener = self.open(), self.open()
        listener.bind("$.Fred")
        sent = sender.send_msgs([Announcement("$.Fred", "1"), Request("$.Nobody"), Announcement("$.Fr*d"), Announcement("$.Fred", "2")])
        self.assertEqual([errno.EADDRNOTAVAIL, errno.EBADMSG], [error.errno for error in sent[1:3]])
        self.assertIn("Nobody is bound as replier to $.Nobody.", str(sent[1]))
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


    def test_messages_that_were_read_are_sent_by_many_threads(self):
        sender, listener = self.open(), self.open()
        listener.bind("$.Fred")
        listener.set_max_messages(1000)
        sent = []

        def send(number):
            for n in range(200):
                # As one that was read: its bytes all in one.
                sent.append(sender.send_msg(Message.from_bytes(Message("$.Fred", "%d %d" % (number, n)).to_bytes())))

        threads = [threading.Thread(target=send, args=[number]) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        heard = list(listener)
        self.assertEqual(sorted(sent), [msg.id for msg in heard])
        self.assertEqual({b"%d %d" % (number, n) for number in range(4) for n in range(200)}, {msg.data for msg in heard})

    def test_a_message_that_lacks_some_of_its_bytes_is_refused_and_leaves_nothing_behind(self):
        ksock = self.open()
        ksock.bind("$.Fred")
        for octets in (Message("$.Fred", "abcdef").to_bytes()[:-8], Message("$.Fred").to_bytes()[:88]):
            broken = Message.from_bytes(octets)
            self.assertErrno(errno.EINVAL, ksock.send_msg, broken)
            outcomes = ksock.send_msgs([broken, Message("$.Fred")])
            self.assertEqual((errno.EINVAL, MessageId), (outcomes[0].errno, type(outcomes[1])))
            self.assertErrno(errno.ENOMSG, ksock.send)
            self.assertEqual([None], [msg.data for msg in ksock])


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


    def test_a_borrowed_message_is_a_message_like_any_other(self):
        ksock = self.open()
        ksock.bind("$.Fred")
        for data in (None, b"abc", bytes(100_000)):
            ksock.send_msg(Message("$.Fred", data))
            msg = ksock.borrow_next_msg()
            want = Message("$.Fred", data, from_=1, id=msg.id)
            self.assertEqual(want, eval(repr(msg)))
            self.assertEqual(str(want), str(msg))
            for made in (type(msg).from_message(msg), msg.from_bytes(msg.to_bytes()), copy.copy(msg), pickle.loads(pickle.dumps(msg)), msg.cast()):
                self.assertEqual((want, data), (made, made.data))
            del msg

    def test_the_file_is_not_closed_below_what_is_lent(self):
        ksock = self.open()
        ksock.bind("$.Fred")
        ksock.send_msg(Message("$.Fred", bytes(100_000)))
        msg = ksock.borrow_next_msg()
        for close in (ksock.close, ksock.fd.close):
            with self.assertRaisesRegex(BufferError, "^A message borrowed from /dev/kbus0 is still in use"):
                close()
        self.assertEqual(bytes(100_000), msg.data_view)
        del msg
        ksock.fd.close()


if __name__ == "__main__":
    import unittest
    unittest.main()
