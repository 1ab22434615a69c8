"""A Ksock against a real daemon: spec section 10.6, and what the corrections say of it."""

import errno
import gc
import io
import select
import unittest

from kbus import *
from tests.bus import PrivateBus


class KsockTests(unittest.TestCase):
    """Each test has a daemon of its own, so that all numbers are known."""

    options = ()

    def setUp(self):
        self.bus = PrivateBus(*self.options)
        self.bus.__enter__()
        self.addCleanup(self.bus.__exit__)

    def open(self, *arguments):
        ksock = Ksock(*arguments)
        self.addCleanup(ksock.close)
        return ksock

    def assertErrno(self, number, call, *arguments):
        with self.assertRaises(OSError) as raised:
            call(*arguments)
        self.assertEqual(number, raised.exception.errno, raised.exception)
        self.assertIn("KBUS: ", str(raised.exception))
        return raised.exception


class OpeningTests(KsockTests):
    def test_what_a_ksock_says_of_itself(self):
        ksock = self.open()
        self.assertEqual((0, "/dev/kbus0", "read/write"), (ksock.which, ksock.name, ksock.mode))
        self.assertEqual("Ksock device 0, id 1, mode read/write", str(ksock))
        self.assertEqual("<Ksock /dev/kbus0 open for read/write>", repr(ksock))
        reader = self.open(0, "r")
        self.assertEqual("Ksock device 0, id 2, mode read", str(reader))
        self.assertEqual("<Ksock /dev/kbus0 open for read>", repr(reader))
        ksock.close()
        self.assertEqual((None, None), (ksock.fd, ksock.mode))
        self.assertEqual("Ksock device 0 (closed)", str(ksock))
        self.assertEqual("<Ksock /dev/kbus0 closed>", repr(ksock))

    def test_there_are_two_modes(self):
        for mode in ("w", "", "wr", None):
            with self.assertRaises(ValueError) as raised:
                Ksock(0, mode)
            self.assertEqual("Ksock mode should be 'r' or 'rw', not %r" % (mode,), str(raised.exception))

    def test_a_bus_that_is_not_there(self):
        with self.assertRaises(FileNotFoundError) as raised:
            Ksock(7)
        self.assertEqual((errno.ENOENT, "/dev/kbus7"), (raised.exception.errno, raised.exception.filename))
        self.assertIn("KBUS: There is no bus 7 in ", str(raised.exception))

    def test_a_closed_ksock_is_of_no_use(self):
        ksock = self.open()
        ksock.close()
        ksock.close()
        for call in (ksock.ksock_id, ksock.read_next_msg, ksock.next_msg, ksock.send, ksock.fileno, ksock.poll, ksock.discard,
                     ksock.wait_for_msg, ksock.last_msg_id, lambda: ksock.bind("$.Fred"), lambda: ksock.find_replier("$.Fred"),
                     lambda: ksock.send_msg(Message("$.Fred")), lambda: ksock.call(Request("$.Fred")), lambda: next(ksock)):
            with self.assertRaises(OSError) as raised:
                call()
            self.assertEqual(errno.EBADF, raised.exception.errno)
            self.assertIsInstance(raised.exception, ValueError)

    def test_with_closes_and_lets_exceptions_through(self):
        with self.assertRaises(ZeroDivisionError):
            with Ksock() as ksock:
                ksock.bind("$.Fred", True)
                1 // 0
        self.assertIsNone(ksock.fd)
        self.assertEqual([], read_bindings({}))

    def test_a_ksock_that_is_forgotten_is_closed(self):
        Ksock().bind("$.Fred")
        gc.collect()
        self.assertEqual([], read_bindings({}))

    def test_buses_are_made(self):
        ksock = self.open()
        number = ksock.new_device()
        self.assertEqual(1, number)
        self.assertEqual("Ksock device 1, id 1, mode read/write", str(self.open(number)))


class BindingTests(KsockTests):
    def test_who_replies(self):
        ksock = self.open()
        self.assertIsNone(ksock.find_replier("$.Fred"))
        self.assertIsNone(ksock.bind("$.Fred", True))
        self.assertEqual((1, 1), (ksock.find_replier("$.Fred"), ksock.find_replier(b"$.Fred")))
        self.assertErrno(errno.EADDRINUSE, ksock.bind, "$.Fred", True)
        self.assertIsNone(ksock.unbind("$.Fred", True))
        self.assertIsNone(ksock.find_replier("$.Fred"))

    def test_names_that_are_none(self):
        ksock = self.open()
        for name in ("Fred", "$.", "$.Fr*d", "$.Fred.", "", "$.Fr\0d", "$.Fr\u00e9d"):
            self.assertErrno(errno.EBADMSG, ksock.bind, name)
            self.assertErrno(errno.EBADMSG, ksock.unbind, name)
        long = "$." + "x" * 999
        self.assertErrno(errno.ENAMETOOLONG, ksock.bind, long)
        self.assertErrno(errno.ENAMETOOLONG, ksock.bind, long + "\0")
        self.assertErrno(errno.ENAMETOOLONG, ksock.find_replier, long)
        self.assertErrno(errno.ENAMETOOLONG, ksock.find_replier, "")
        self.assertIsNone(ksock.find_replier("$.Fr\0d"))

    def test_an_unbind_must_fit(self):
        ksock = self.open()
        ksock.bind("$.Fred")
        raised = self.assertErrno(errno.EINVAL, ksock.unbind, "$.Fred", True)
        self.assertIn("KBUS: Ksock 1 of bus 0 is not bound to $.Fred as replier. Unbind", str(raised))
        ksock.unbind("$.Fred")

    def test_the_list_of_bindings(self):
        one, two = self.open(), self.open(0, "r")
        one.bind("$.Fred", True)
        two.bind("$.*")
        self.assertEqual([("two", False, "$.*"), (1, True, "$.Fred")], read_bindings({2: "two"}))


class SettingTests(KsockTests):
    def test_switches_give_what_was(self):
        ksock = self.open()
        for switch in (ksock.want_messages_once, ksock.kernel_module_verbose, ksock.report_replier_binds):
            self.assertEqual([0, 1, 1, 1, 0, 0], [switch(True), switch(just_ask=True), switch(True), switch(False), switch(just_ask=True),
                                                  switch(False)])
        self.assertEqual([0, 1, 1], [ksock.kernel_module_verbose(), ksock.kernel_module_verbose(just_ask=True), ksock.kernel_module_verbose()])

    def test_limits(self):
        ksock = self.open()
        self.assertEqual([100, 7, 7, 7], [ksock.max_messages(), ksock.set_max_messages(7), ksock.set_max_messages(0), ksock.max_messages()])
        self.assertEqual(409600, ksock.max_message_size())
        self.assertEqual([200, 200, 64 << 20], [ksock.set_max_message_size(200), ksock.set_max_message_size(0), ksock.set_max_message_size(1)])
        self.assertErrno(errno.EINVAL, ksock.set_max_message_size, 99)
        self.assertErrno(errno.EMSGSIZE, ksock.send_msg, Message("$.Fred", b"x" * 200))

    def test_command_words(self):
        self.assertEqual((0x6B01, 0x40086B02, 0x80086B04, 0xC0086B05, 0xC0086B12),
                         (Ksock.IOC_RESET, Ksock.IOC_BIND, Ksock.IOC_KSOCKID, Ksock.IOC_REPLIER, Ksock.IOC_MAXMSGSIZE))
        self.assertEqual("k", Ksock.IOC_MAGIC)


class SendingTests(KsockTests):
    def test_an_announcement_is_heard(self):
        sender, listener = self.open(), self.open()
        listener.bind("$.Fred")
        self.assertEqual(MessageId(0, 0), sender.last_msg_id())
        self.assertEqual(MessageId(0, 1), sender.send_msg(Message("$.Fred", "abc", flags=0x10000)))
        self.assertEqual(MessageId(0, 1), sender.last_msg_id())
        self.assertEqual(1, listener.num_messages())
        heard = listener.read_next_msg()
        self.assertIs(Message, type(heard))
        self.assertEqual(Message("$.Fred", "abc", from_=1, flags=0x10000, id=(0, 1)), heard)
        self.assertIsNone(listener.read_next_msg())

    def test_writing_and_sending_are_two_steps(self):
        sender, listener = self.open(), self.open()
        listener.bind("$.Fred")
        self.assertErrno(errno.ENOMSG, sender.send)
        self.assertIsNone(sender.write_msg(Message("$.Fred", "abc")))
        gc.collect()
        self.assertEqual(MessageId(0, 1), sender.send())
        octets = Message("$.Fred", "def").to_bytes()
        self.assertEqual([50, len(octets) - 50], [sender.write_data(octets[:50]), sender.write_data(octets[50:])])
        sender.send()
        self.assertEqual([b"abc", b"def"], [msg.data for msg in listener])
        sender.write_msg(Message("$.Fred"))
        self.assertIsNone(sender.discard())
        self.assertErrno(errno.ENOMSG, sender.send)
        sender.write_data(octets[:10])
        self.assertErrno(errno.EINVAL, sender.send)

    def test_what_was_read_can_be_sent(self):
        ksock = self.open()
        ksock.bind("$.Fred")
        for length in range(9):
            ksock.send_msg(Message("$.Fred", b"x" * length))
            ksock.send_msg(ksock.read_next_msg())
            ksock.write_msg(ksock.read_next_msg())
            ksock.send()
            self.assertEqual(length, len(ksock.read_next_msg().data_view))

    def test_reading_in_steps(self):
        ksock = self.open()
        ksock.bind("$.Fred")
        self.assertEqual((0, 0, b"", None), (ksock.next_msg(), ksock.len_left(), ksock.read_data(10), ksock.read_msg(10)))
        ksock.send_msg(Message("$.Fred", "abc"))
        ksock.send_msg(Message("$.Fred", "def"))
        length = ksock.next_msg()
        self.assertEqual((104, 104), (length, ksock.len_left()))
        self.assertEqual(b"Kbus", ksock.read_data(4))
        self.assertEqual(100, ksock.len_left())
        self.assertEqual(b"def", ksock.read_msg(ksock.next_msg()).data)
        self.assertIsNone(ksock.read_msg(10))

    def test_iterating_ends_and_begins_again(self):
        ksock = self.open()
        ksock.bind("$.Fred")
        for _ in range(2):
            for data in (b"a", b"b"):
                ksock.send_msg(Message("$.Fred", data))
            self.assertEqual([b"a", b"b"], [msg.data for msg in ksock])

    def test_a_ksock_opened_for_reading_does_not_write(self):
        ksock = self.open(0, "r")
        ksock.bind("$.Fred", True)
        for call in (lambda: ksock.send_msg(Message("$.Fred")), lambda: ksock.write_msg(Message("$.Fred")), lambda: ksock.write_data(b"x")):
            with self.assertRaisesRegex(io.UnsupportedOperation, "^File not open for writing$") as raised:
                call()
            self.assertIsNone(raised.exception.errno)
        self.assertErrno(errno.ENOMSG, ksock.send)

    def test_a_refused_send_says_why(self):
        ksock = self.open()
        raised = self.assertErrno(errno.EADDRNOTAVAIL, ksock.send_msg, Request("$.Fred"))
        self.assertIn("KBUS: Nobody is bound as replier to $.Fred. Ksock 1 of bus 0 sent nothing.", str(raised))
        other = self.open()
        other.bind("$.Fred", True)
        self.assertIsInstance(self.assertErrno(errno.EPIPE, ksock.send_msg, Request("$.Fred", to=1)), BrokenPipeError)
        self.assertErrno(errno.EBADMSG, ksock.send_msg, Message("$.*"))
        self.assertErrno(errno.ECONNREFUSED, ksock.send_msg, Reply("$.Fred", to=2, in_reply_to=(0, 1)))

    def test_large_messages(self):
        ksock = self.open()
        ksock.bind("$.Fred")
        data = bytes(range(256)) * 1500
        ksock.send_msg(Message("$.Fred", data))
        msg = ksock.read_next_msg()
        self.assertEqual(data, msg.data)
        ksock.send_msg(msg)
        self.assertEqual(data, ksock.read_next_msg().data_view)

    def test_a_message_is_borrowed_without_a_copy(self):
        ksock = self.open()
        ksock.bind("$.Fred")
        for data in (b"abc", bytes(range(256)) * 1500):
            self.assertIsNone(ksock.borrow_next_msg())
            ksock.send_msg(Message("$.Fred", data, flags=0x10000))
            ksock.send_msg(Message("$.Fred", "next"))
            msg = ksock.borrow_next_msg()
            self.assertEqual(("$.Fred", 0x10000, 1), (msg.name, msg.flags, msg.from_))
            view = msg.data_view[1:]
            self.assertTrue(view.readonly)
            self.assertEqual((data, data[1:]), (msg.data, view))
            # While it is lent, others are copied, and it stays as it is.
            self.assertEqual(b"next", ksock.borrow_next_msg().data)
            self.assertEqual(data[1:], view)
            self.assertEqual(msg, Message.from_bytes(msg.to_bytes()))
            ksock.send_msg(msg)
            self.assertEqual(data, ksock.read_next_msg().data_view)
            del msg
            with self.assertRaisesRegex(BufferError, "still in use"):
                ksock.close()
            self.assertEqual(data[1:], view)
            del view
        ksock.send_msg(Message("$.Fred"))
        self.assertEqual((None, b""), (lambda msg: (msg.data, msg.data_view))(ksock.borrow_next_msg()))

    def test_the_number_of_a_file_that_was_closed_by_itself_is_not_used_any_more(self):
        ksock = self.open()
        ksock.bind("$.Fred")
        ksock.send_msg(Message("$.Fred"))
        ksock.fd.close()
        # It may have the number of the other now.
        other = self.open()
        other.bind("$.Fred")
        other.send_msg(Message("$.Fred", "for the other"))
        for call in (ksock.ksock_id, ksock.fileno, ksock.poll, ksock.send, ksock.discard, ksock.len_left, ksock.num_messages,
                     lambda: ksock.unbind("$.Fred"), lambda: ksock.send_msg(Message("$.Fred")), lambda: ksock.send_msgs([Message("$.Fred")]),
                     lambda: ksock.write_msg(Message("$.Fred")), lambda: ksock.write_data(b"x"), lambda: ksock.read_data(1),
                     ksock.read_next_msg, ksock.next_msg, lambda: ksock.wait_for_msg(0), ksock.borrow_next_msg):
            with self.assertRaises(OSError) as raised:
                call()
            self.assertEqual(errno.EBADF, raised.exception.errno)
        self.assertEqual(("Ksock device 0 (closed)", "<Ksock /dev/kbus0 closed>"), (str(ksock), repr(ksock)))
        ksock.close()
        self.assertEqual(b"for the other", other.read_next_msg().data)

    def test_the_file_below(self):
        ksock = self.open()
        ksock.bind("$.Fred")
        octets = Message("$.Fred", "abc").to_bytes()
        self.assertEqual(len(octets), ksock.fd.write(octets))
        ksock.send()
        self.assertEqual(len(octets), ksock.next_msg())
        read = ksock.fd.read(1000)
        self.assertEqual((len(octets), b"", ksock.fileno()), (len(read), ksock.fd.read(1), ksock.fd.fileno()))


class ConversationTests(KsockTests):
    def test_a_request_and_its_reply(self):
        requester, replier = self.open(), self.open()
        replier.bind("$.Fred", True)
        requester.send_msg(Request("$.Fred", "How?"))
        request = replier.read_next_msg()
        self.assertTrue(request.wants_us_to_reply())
        self.assertEqual(1, replier.num_unreplied_to())
        replier.send_msg(reply_to(request, "So"))
        self.assertEqual(0, replier.num_unreplied_to())
        self.assertEqual("<Reply '$.Fred', id=[0:2], to=1, from=2, in_reply_to=[0:1], data=b'So'>", str(requester.read_next_msg()))

    def test_a_status_in_place_of_a_reply(self):
        requester, replier = self.open(), self.open()
        replier.bind("$.Fred", True)
        requester.send_msg(Request("$.Fred"))
        replier.close()
        msg = requester.wait_for_msg(10)
        self.assertEqual("$.KBUS.Replier.GoneAway", msg.name)
        self.assertIs(Status, type(msg.cast()))

    def test_events_about_repliers(self):
        ksock = self.open()
        ksock.bind("$.KBUS.ReplierBindEvent")
        ksock.report_replier_binds()
        ksock.bind("$.Fred", True)
        msg = ksock.read_next_msg()
        self.assertEqual((1, 1, "$.Fred"), split_replier_bind_event_data(msg.data))
        self.assertEqual("<ReplierBindEvent id=[0:1], flags=0x204 (SYN,aFL), [Bind '$.Fred' for 1]>", str(msg))


class WaitingTests(KsockTests):
    def test_select_knows_when_there_is_a_message(self):
        ksock = self.open()
        ksock.bind("$.Fred")
        self.assertEqual(([], [ksock], []), select.select([ksock], [ksock], [], 0))
        self.assertEqual((False, True), ksock.poll())
        ksock.send_msg(Message("$.Fred"))
        self.assertEqual(([ksock], [], []), select.select([ksock], [], [], 10))
        self.assertEqual((True, True), ksock.poll())
        ksock.read_next_msg()
        self.assertEqual(([], [], []), select.select([ksock], [], [], 0))

    def test_waiting_has_an_end(self):
        ksock = self.open()
        ksock.bind("$.Fred")
        self.assertIsNone(ksock.wait_for_msg(0))
        self.assertIsNone(ksock.wait_for_msg(0.01))
        ksock.send_msg(Message("$.Fred"))
        self.assertEqual("$.Fred", ksock.wait_for_msg().name)

    def full(self):
        """A listener with a full queue, and a sender whose message waits for room there."""
        sender, listener = self.open(), self.open()
        listener.bind("$.Fred")
        listener.set_max_messages(1)
        sender.send_msg(Message("$.Fred", "first"))
        self.assertIsInstance(self.assertErrno(errno.EAGAIN, sender.send_msg, Message("$.Fred", "second", flags=Message.ALL_OR_WAIT)),
                              BlockingIOError)
        return sender, listener

    def test_a_send_that_waits(self):
        sender, listener = self.full()
        self.assertEqual(MessageId(0, 2), sender.last_msg_id())
        self.assertEqual(([], [], []), select.select([sender], [sender], [], 0))
        self.assertErrno(errno.EALREADY, sender.write_msg, Message("$.Fred"))
        self.assertErrno(errno.EAGAIN, sender.send)
        self.assertEqual(b"first", listener.read_next_msg().data)
        self.assertEqual(MessageId(0, 2), sender.send())
        self.assertEqual(b"second", listener.read_next_msg().data)

    def test_select_tries_a_waiting_send_again(self):
        sender, listener = self.full()
        listener.read_next_msg()
        self.assertEqual(([], [sender], []), select.select([], [sender], [], 10))
        self.assertEqual(b"second", listener.read_next_msg().data)

    def test_waiting_for_a_message_tries_a_waiting_send_again(self):
        sender, listener = self.full()
        listener.read_next_msg()
        self.assertIsNone(sender.wait_for_msg(0.01))
        self.assertEqual(b"second", listener.read_next_msg().data)

    def test_a_waiting_send_can_be_given_up(self):
        sender, listener = self.full()
        sender.discard()
        listener.read_next_msg()
        self.assertErrno(errno.ENOMSG, sender.send)
        self.assertEqual((0, (False, True)), (listener.num_messages(), sender.poll()))

    def test_when_the_bus_has_died(self):
        requester, replier = self.open(), self.open()
        replier.bind("$.Fred", True)
        requester.send_msg(Request("$.Fred"))
        self.bus.kill()
        self.assertEqual([requester], select.select([requester], [], [], 10)[0])
        status = requester.wait_for_msg(10)
        self.assertEqual(("$.KBUS.Replier.GoneAway", MessageId(0, 1)), (status.name, status.in_reply_to))
        self.assertErrno(errno.ENODEV, requester.wait_for_msg, 10)
        self.assertErrno(errno.ENODEV, replier.bind, "$.Jim")


class DocumentedTests(KsockTests):
    def test_what_the_package_says_of_itself(self):
        import doctest
        import kbus
        import kbus._message
        for module in (kbus, kbus.messages, kbus._message, kbus.ksock):
            self.assertEqual(0, doctest.testmod(module).failed, module)

    def test_a_star_gives_what_it_gave_of_ours(self):
        names = {}
        exec("from kbus import *", names)
        self.assertEqual(set(), set("""Ksock Message Announcement Request Reply Status MessageId OrigFrom BindStruct ReplierStruct
            SendResultStruct reply_to stateful_request split_replier_bind_event_data read_bindings message_from_parts
            calc_padded_name_len calc_padded_data_len calc_entire_message_len c_data_as_bytes hexdata hexify MSG_HEADER_LEN
            ksock messages""".split()) ^ (set(names) - {"__builtins__"}))

    def test_the_modules_give_what_they_gave(self):
        modules = {"array", "ctypes", "fcntl", "select", "string", "struct"}
        for module, wanted in (("ksock", "Ksock read_bindings BindStruct ReplierStruct SendResultStruct"),
                               ("messages", "Message Announcement Request Reply Status MessageId OrigFrom hexdata _MessageHeaderStruct _EntireMessageStruct")):
            names = {}
            exec("from kbus.%s import *" % module, names)
            self.assertEqual(set(), set(wanted.split()) - set(names))
            self.assertEqual(set(), modules & set(names))
        # Who asks for them by name still finds them.
        exec("from kbus import array, ctypes, fcntl, select, string, struct")
        exec("from kbus.ksock import array, ctypes, fcntl, select, string, struct")
        exec("from kbus.messages import array, ctypes, string, struct, _MessageHeaderStruct, _EntireMessageStruct")


if __name__ == "__main__":
    unittest.main()
