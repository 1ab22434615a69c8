"""What a message is, before any bus sees it: spec sections 3, 10.2 to 10.5."""

import copy
import ctypes
import pickle
import struct
import unittest

from kbus import *
from kbus.messages import _MessageHeaderStruct

EVERY_PART = dict(data=b"hi", to=4, from_=1, orig_from=OrigFrom(1, 2), final_to=OrigFrom(3, 4), in_reply_to=MessageId(0, 5),
                  flags=0x0001030F, id=MessageId(3, 6))


class ConstructionTests(unittest.TestCase):
    def test_a_name_must_start_as_names_do(self):
        with self.assertRaisesRegex(ValueError, r'^Message name "Fred" does not start "\$\."$'):
            Message("Fred")

    def test_a_name_must_have_three_bytes(self):
        with self.assertRaisesRegex(ValueError, r"^Message name is 2 long, minimum is 3 \(e\.g\., '\$\.\*'\)$"):
            Message("$.")

    def test_a_name_is_text(self):
        self.assertRaises(TypeError, Message, b"$.Fred")
        self.assertRaises(TypeError, Message, None)

    def test_data_is_text_or_bytes_of_any_kind(self):
        for data in ("abc", b"abc", bytearray(b"abc"), memoryview(b"abc"), memoryview(b"a-b-c-")[::2]):
            self.assertEqual(b"abc", Message("$.Fred", data).data)

    def test_data_is_encoded_as_told(self):
        self.assertEqual(b"\xe9", Message("$.Fred", "\u00e9", encoding="latin-1").data)
        self.assertEqual(b"?", Message("$.Fred", "\u00e9", encoding="ascii", errors="replace").data)
        self.assertRaises(UnicodeEncodeError, Message, "$.Fred", "\u00e9", encoding="ascii")

    def test_a_number_is_no_data(self):
        self.assertRaises(TypeError, Message, "$.Fred", 5)

    def test_empty_data_is_none(self):
        for data in (None, "", b"", bytearray()):
            self.assertIsNone(Message("$.Fred", data).data)

    def test_what_is_not_given_is_zero_or_none(self):
        msg = Message("$.Fred", to=None, from_=0, flags=False)
        self.assertEqual((None, None, 0, 0, None, None, 0, "$.Fred", None), msg.extract())

    def test_ids_may_be_pairs(self):
        msg = Message("$.Fred", id=(1, 2), in_reply_to=(3, 4), orig_from=(5, 6), final_to=(7, 8))
        self.assertEqual((MessageId(1, 2), MessageId(3, 4), OrigFrom(5, 6), OrigFrom(7, 8)),
                         (msg.id, msg.in_reply_to, msg.orig_from, msg.final_to))

    def test_properties_cannot_be_set(self):
        msg = Message("$.Fred")
        for name in ("id", "in_reply_to", "orig_from", "final_to", "to", "from_", "flags", "name", "data"):
            self.assertRaises(AttributeError, setattr, msg, name, 1)

    def test_a_structure_in_a_message_is_live(self):
        msg = Message("$.Fred", id=MessageId(1, 2))
        msg.id.serial_num = 9
        self.assertEqual(MessageId(1, 9), msg.id)
        msg._orig_from.network_id = 7
        self.assertEqual(OrigFrom(7, 0), msg.orig_from)
        msg.id.network_id = msg.id.serial_num = 0
        self.assertIsNone(msg.id)
        self.assertEqual(MessageId(0, 0), msg._id)


class FormTests(unittest.TestCase):
    def test_a_message_that_was_made_is_pointy_and_one_from_bytes_entire(self):
        msg = Message("$.Fred", "abc")
        self.assertTrue(msg.msg.is_pointy)
        self.assertFalse(Message.from_bytes(msg.to_bytes()).msg.is_pointy)

    def test_the_bytes_are_those_of_the_specification(self):
        want = (b"Kbus" + bytes(48) + struct.pack("=II", 6, 7) + bytes(20) + b"subK" + bytes(4)
                + b"$.Fred\0\0" + b"abc1234\0" + b"subK")
        self.assertEqual(108, len(want))
        self.assertEqual(want, Message("$.Fred", "abc1234").to_bytes())

    def test_there_and_back_nothing_is_lost(self):
        for name_len in range(1, 9):
            for data_len in range(0, 9):
                msg = Message("$." + "n" * name_len, b"d" * data_len, flags=0x10001, id=(1, 2), to=3)
                back = Message.from_bytes(msg.to_bytes())
                self.assertEqual(msg, back)
                self.assertEqual(msg.to_bytes(), back.to_bytes())
                self.assertEqual(len(msg.to_bytes()), msg.total_length())
                self.assertEqual(len(msg.to_bytes()), calc_entire_message_len(name_len + 2, data_len))

    def test_more_bytes_than_the_message_has_are_left_out(self):
        msg = Message("$.Fred", "abc")
        self.assertEqual(msg.to_bytes(), Message.from_bytes(msg.to_bytes() + b"????").to_bytes())

    def test_a_name_with_other_letters_has_its_whole_length(self):
        msg = Message("$.Fr\u00e9d", "abc")
        self.assertEqual(msg.total_length(), len(msg.to_bytes()))
        self.assertEqual("$.Fr\u00e9d", Message.from_bytes(msg.to_bytes()).name)

    def test_what_is_no_message_is_refused(self):
        with self.assertRaisesRegex(ValueError, r'^Cannot form entire message from string "abc" of length 3$'):
            Message.from_bytes(b"abc")
        with self.assertRaisesRegex(ValueError, r'^Cannot form entire message from string "x{8}\.\.y{8}" which does not start '
                                                r"with message start guard$"):
            Message.from_bytes(b"x" * 50 + b"y" * 50)

    def test_a_number_is_no_message_and_no_text(self):
        for call in (Message.from_bytes, hexify, hexdata):
            self.assertRaises(TypeError, call, 100)

    def test_pointers_in_bytes_are_not_followed(self):
        octets = bytearray(Message("$.Fred", "abc").to_bytes())
        octets[64:80] = b"\1" * 16
        msg = Message.from_bytes(octets)
        self.assertEqual((Message("$.Fred", "abc"), None, None), (msg, msg.msg.name, msg.msg.data))

    def test_data_can_be_seen_without_a_copy(self):
        msg = Message.from_bytes(Message("$.Fred", "abc").to_bytes())
        view = msg.data_view
        self.assertEqual(b"abc", view)
        self.assertTrue(view.readonly)
        msg._bytes[96] = ord("x")
        self.assertEqual(b"xbc", view)
        self.assertEqual(b"", Message("$.Fred").data_view)

    def test_lengths(self):
        self.assertEqual([4, 4, 8, 8, 8, 8, 12], [calc_padded_name_len(n) for n in (2, 3, 4, 5, 6, 7, 8)])
        self.assertEqual([0, 4, 4, 4, 4, 8], [calc_padded_data_len(n) for n in range(6)])
        self.assertEqual([96, 100, 108, 116], [calc_entire_message_len(n, d) for n, d in ((3, 0), (6, 0), (6, 7), (6, 16))])
        self.assertEqual(88, MSG_HEADER_LEN)
        self.assertEqual([16, 16, 12], [ctypes.sizeof(s) for s in (BindStruct, ReplierStruct, SendResultStruct)])

    def test_a_message_is_copied_and_pickled(self):
        msg = Request("$.Fred", "abc", to=3)
        for other in (copy.copy(msg), copy.deepcopy(msg), pickle.loads(pickle.dumps(msg))):
            self.assertEqual(msg, other)
            self.assertIs(Request, type(other))


    def test_a_copy_has_what_a_subclass_added(self):
        msg = Noted("$.Fred", "abc")
        msg.note = ["seen"]
        for other in (copy.copy(msg), copy.deepcopy(msg), pickle.loads(pickle.dumps(msg))):
            self.assertEqual((Noted, msg, ["seen"]), (type(other), other, other.note))
        self.assertIs(msg.note, copy.copy(msg).note)


class Noted(Message):
    """A message with something of a user's own."""


class FromAnotherTests(unittest.TestCase):
    def test_what_is_not_given_stays(self):
        msg = Message("$.Fred", **EVERY_PART)
        self.assertEqual(msg, Message.from_message(msg))
        self.assertEqual(msg, Message.from_sequence(msg.extract()))

    def test_what_is_given_replaces(self):
        msg = Message.from_message(Message("$.Fred", **EVERY_PART), data=b"", to=0, flags=0, id=(0, 7))
        self.assertEqual((None, 0, 0, MessageId(0, 7), 1), (msg.data, msg.to, msg.flags, msg.id, msg.from_))

    def test_a_sequence_has_nine_values(self):
        with self.assertRaisesRegex(ValueError, r"^Sequence arg to Message\.from_sequence\(\) must have 9 values, not 2$"):
            Message.from_sequence((1, 2))
        with self.assertRaisesRegex(ValueError, r"^Sequence arg to Reply\.from_sequence\(\) must have 9 values, not 1$"):
            Reply.from_sequence((1,))

    def test_each_kind_gives_itself(self):
        msg = Message("$.Fred", **EVERY_PART)
        for kind in (Message, Announcement, Request, Reply):
            for made in (kind.from_message(msg), kind.from_sequence(msg.extract()), kind.from_bytes(msg.to_bytes())):
                self.assertIs(kind, type(made))

    def test_cast(self):
        self.assertIs(Announcement, type(Message("$.Fred").cast()))
        self.assertIs(Request, type(Message("$.Fred", flags=1).cast()))
        self.assertIs(Reply, type(Message("$.Fred", flags=1, in_reply_to=(0, 1)).cast()))
        status = Message("$.KBUS.Replier.GoneAway", flags=4, in_reply_to=(0, 1), to=2)
        self.assertIs(Status, type(status.cast()))
        self.assertEqual(status, status.cast())
        self.assertIsNone(Message("$.Fred", orig_from=(1, 2), final_to=(3, 4)).cast().orig_from)

    def test_the_raw_header_from_parts(self):
        header = message_from_parts((0, 1), None, 2, 3, (4, 5), (0, 0), 6, "$.Fred", "abc")
        self.assertIsInstance(header, _MessageHeaderStruct)
        self.assertEqual((b"$.Fred", 6, 3, b"abc"), (header.name, header.name_len, header.data_len, c_data_as_bytes(header.data, 3)))
        self.assertTrue(header.is_pointy)


class ComparisonTests(unittest.TestCase):
    def test_messages_are_equal_across_kinds_and_forms(self):
        msg = Message("$.Fred", "abc", flags=1)
        for other in (Request("$.Fred", "abc"), Message.from_bytes(msg.to_bytes())):
            self.assertEqual(msg, other)
            self.assertFalse(msg != other)
            self.assertEqual(hash(msg), hash(other))

    def test_every_part_counts(self):
        msg = Message("$.Fred", **EVERY_PART)
        for part, value in (("data", "ho"), ("to", 9), ("from_", 9), ("orig_from", (9, 9)), ("final_to", (9, 9)),
                            ("in_reply_to", (9, 9)), ("flags", 9), ("id", (9, 9))):
            self.assertNotEqual(msg, Message.from_message(msg, **{part: value}))
        self.assertNotEqual(msg, Message("$.Jim", **EVERY_PART))

    def test_what_is_no_message_is_not_equal(self):
        self.assertFalse(Message("$.Fred") == "$.Fred")
        self.assertTrue(Message("$.Fred") != None)  # noqa: E711, the operator is what is tested

    def test_equivalent_compares_recipient_name_and_data_only(self):
        msg = Message("$.Fred", **EVERY_PART)
        self.assertTrue(msg.equivalent(Message("$.Fred", "hi", to=4)))
        self.assertFalse(msg.equivalent(Message("$.Fred", "hi")))
        self.assertFalse(msg.equivalent(Message("$.Fred", "ho", to=4)))
        self.assertFalse(msg.equivalent(Message("$.Jim", "hi", to=4)))

    def test_messages_can_be_kept_in_sets(self):
        self.assertEqual(2, len({Message("$.Fred"), Message("$.Fred"), Message("$.Jim")}))


class IdTests(unittest.TestCase):
    def test_printed(self):
        self.assertEqual(("MessageId(1, 2)", "[1:2]"), (repr(MessageId(1, 2)), str(MessageId(1, 2))))
        self.assertEqual(("OrigFrom(1, 2)", "(1,2)"), (repr(OrigFrom(1, 2)), str(OrigFrom(1, 2))))

    def test_ordered_by_network_first(self):
        for kind in (MessageId, OrigFrom):
            self.assertTrue(kind(1, 9) < kind(2, 1) and kind(1, 1) < kind(1, 2) and kind(2, 1) > kind(1, 9))
            self.assertFalse(kind(1, 1) < kind(1, 1) or kind(1, 1) > kind(1, 1))

    def test_equal_only_to_the_same_type(self):
        self.assertTrue(MessageId(1, 2) == MessageId(1, 2) and not MessageId(1, 2) != MessageId(1, 2))
        self.assertFalse(MessageId(1, 2) == OrigFrom(1, 2))
        self.assertTrue(OrigFrom(1, 2) != (1, 2))

    def test_other_comparisons_are_type_errors(self):
        for compare in (lambda a: a < OrigFrom(1, 2), lambda a: a > 3, lambda a: a <= a, lambda a: a >= a):
            self.assertRaises(TypeError, compare, MessageId(1, 2))

    def test_a_number_can_be_added(self):
        self.assertEqual(MessageId(1, 5), MessageId(1, 2) + 3)
        self.assertRaises(TypeError, lambda: 1 + MessageId(1, 2))
        self.assertRaises(TypeError, lambda: MessageId(1, 2) + MessageId(1, 2))

    def test_truth_and_keys(self):
        self.assertTrue(MessageId(0, 0) and OrigFrom(0, 0))
        self.assertEqual("b", {MessageId(1, 2): "a", MessageId(1, 3): "b"}[MessageId(1, 3)])
        self.assertEqual(1, len({OrigFrom(1, 2), OrigFrom(1, 2)}))
        self.assertEqual(MessageId(1, 2), pickle.loads(pickle.dumps(MessageId(1, 2))))


class KindTests(unittest.TestCase):
    def test_an_announcement_is_no_reply_and_goes_nowhere(self):
        for part in ("in_reply_to", "orig_from", "final_to"):
            self.assertRaises(TypeError, Announcement, "$.Fred", **{part: (1, 2)})
        made = Announcement.from_message(Message("$.Fred", **EVERY_PART))
        self.assertEqual((None, None, None), (made.in_reply_to, made.orig_from, made.final_to))

    def test_an_announcement_wants_no_reply(self):
        with self.assertRaisesRegex(TypeError, "^Announcements are not Requests$"):
            Announcement("$.Fred").set_want_reply()
        self.assertTrue(Announcement("$.Fred", flags=1).is_request())

    def test_a_request_wants_a_reply(self):
        self.assertEqual(0x11, Request("$.Fred", flags=0x10).flags)
        with self.assertRaisesRegex(TypeError, '^Request always has "want a reply" set$'):
            Request("$.Fred").set_want_reply()
        self.assertFalse(Request("$.Fred").is_stateful_request())
        self.assertTrue(Request("$.Fred", to=3).is_stateful_request())
        self.assertTrue(Request.from_message(Message("$.Fred")).is_request())

    def test_a_reply_says_to_what(self):
        for make in (lambda: Reply("$.Fred"), lambda: Reply.from_message(Message("$.Fred")),
                     lambda: Reply.from_sequence(Message("$.Fred").extract()), lambda: Reply("$.Fred", in_reply_to=(0, 0))):
            with self.assertRaisesRegex(ValueError, "^A Reply must specify in_reply_to$"):
                make()
        self.assertRaises(TypeError, Reply, "$.Fred", in_reply_to=(0, 1), final_to=(1, 2))

    def test_bytes_become_what_the_kind_wants(self):
        every_part = Message("$.Fred", **EVERY_PART).to_bytes()
        made = Announcement.from_bytes(every_part)
        self.assertEqual((None, None, None, b"hi"), (made.in_reply_to, made.orig_from, made.final_to, made.data))
        self.assertTrue(Request.from_bytes(Message("$.Fred").to_bytes()).is_request())
        self.assertEqual(MessageId(0, 5), Reply.from_bytes(every_part).in_reply_to)
        with self.assertRaisesRegex(ValueError, "^A Reply must specify in_reply_to$"):
            Reply.from_bytes(Message("$.Fred").to_bytes())
        # A Status is taken as it comes.
        self.assertEqual(Message("$.Fred"), Status.from_bytes(Message("$.Fred").to_bytes()))

    def test_a_status_comes_from_the_bus_only(self):
        with self.assertRaisesRegex(NotImplementedError, r"^Use the Status\.from_bytes\(\) method to construct a Status$"):
            Status("$.Fred")
        with self.assertRaisesRegex(NotImplementedError, r"^Status does not support the from_message\(\) static method$"):
            Status.from_message(Message("$.Fred"))
        with self.assertRaisesRegex(NotImplementedError, r"^Status does not support the from_sequence\(\) static method$"):
            Status.from_sequence(Message("$.Fred").extract())

    def test_flags(self):
        msg = Message("$.Fred")
        msg.set_want_reply()
        msg.set_urgent()
        self.assertEqual((9, True, True), (msg.flags, msg.is_request(), msg.is_urgent()))
        msg.set_want_reply(False)
        msg.set_urgent(False)
        self.assertEqual(0, msg.flags)
        self.assertTrue(Message("$.Fred", flags=2).wants_us_to_reply())
        self.assertTrue(Message("$.Fred", flags=4).is_synthetic())
        self.assertEqual((1, 2, 4, 8, 0x100, 0x200), (Message.WANT_A_REPLY, Message.WANT_YOU_TO_REPLY, Message.SYNTHETIC,
                                                      Message.URGENT, Message.ALL_OR_WAIT, Message.ALL_OR_FAIL))
        self.assertEqual((0x7375624B, 0x4B627573), (Message.START_GUARD, Message.END_GUARD))


class ConversationTests(unittest.TestCase):
    def test_a_reply_goes_back_to_the_sender(self):
        request = Message("$.Fred", "How?", from_=3, flags=3, id=(0, 7))
        self.assertEqual("<Reply '$.Fred', to=3, in_reply_to=[0:7], data=b'So'>", str(reply_to(request, "So")))
        self.assertEqual(0x200, reply_to(request, flags=0x200).flags)

    def test_only_who_is_asked_replies(self):
        for flags in (0, 1, 2):
            msg = Message("$.Fred", flags=flags, id=(0, 7))
            with self.assertRaises(ValueError) as raised:
                reply_to(msg)
            self.assertEqual("Cannot form a reply to a message that does not have WANT_A_REPLY and WANT_YOU_TO_REPLY set: %s" % msg,
                             str(raised.exception))

    def test_a_stateful_request_goes_to_who_replied(self):
        reply = Message("$.Fred", from_=3, to=1, in_reply_to=(0, 7), orig_from=(8, 9))
        first = stateful_request(reply, "$.Jim", "Again", flags=0x10000)
        self.assertEqual((3, OrigFrom(8, 9), 0x10001, "$.Jim", b"Again"), (first.to, first.final_to, first.flags, first.name, first.data))
        second = stateful_request(first, "$.Bob")
        self.assertEqual((3, OrigFrom(8, 9), 1), (second.to, second.final_to, second.flags))

    def test_a_stateful_request_needs_somebody_to_go_to(self):
        for msg in (Message("$.Fred"), Request("$.Fred")):
            with self.assertRaisesRegex(ValueError, "must be a Reply or a previous Stateful Request$"):
                stateful_request(msg, "$.Jim")


class PrintedTests(unittest.TestCase):
    def test_repr_makes_the_message_again(self):
        msg = Message("$.X", **EVERY_PART)
        self.assertEqual("Message('$.X', data=b'hi', to=4, from_=1, orig_from=OrigFrom(1, 2), final_to=OrigFrom(3, 4), "
                         "in_reply_to=MessageId(0, 5), flags=0x0001030f, id=MessageId(3, 6))", repr(msg))
        for again in (msg, Announcement("$.X", "a'b", flags=0x10000), Request("$.X", to=3, final_to=(1, 2)),
                      Reply("$.X", in_reply_to=(0, 1), orig_from=(1, 2))):
            self.assertEqual(again, eval(repr(again)))

    def test_repr_of_a_status_leaves_out_where_it_went(self):
        status = Status.from_bytes(Message("$.KBUS.X", **EVERY_PART).to_bytes())
        self.assertEqual("Status('$.KBUS.X', data=b'hi', to=4, from_=1, in_reply_to=MessageId(0, 5), flags=0x0001030f, "
                         "id=MessageId(3, 6))", repr(status))

    def test_str(self):
        for want, msg in (
                (r"<Request '$.X', id=[0:6], from=1, flags=0x3 (REQ,YOU), data=b'ab\x00'>",
                 Message("$.X", b"ab\0", from_=1, flags=3, id=(0, 6))),
                ("<Reply '$.X', id=[3:6], to=4, from=1, orig_from=(1,2), final_to=(3,4), in_reply_to=[0:5], "
                 "flags=0x1030f (REQ,YOU,SYN,URG,aFL,aWT), data=b'hi'>", Message("$.X", **EVERY_PART)),
                ("<Status '$.KBUS.Replier.GoneAway', in_reply_to=[0:5], flags=0x4 (SYN)>",
                 Message("$.KBUS.Replier.GoneAway", flags=4, in_reply_to=(0, 5))),
                ("<Announcement '$.X', flags=0x10000>", Message("$.X", flags=0x10000)),
                ("<Announcement '$.X'>", Message("$.X"))):
            self.assertEqual(want, str(msg))

    def test_str_of_an_event_says_who_did_what(self):
        bound = struct.pack("=III", 1, 7, 6) + b"$.Fred\0\0"
        unbound = struct.pack("=III", 0, 7, 6) + b"$.Fred\0\0"
        self.assertEqual((1, 7, "$.Fred"), split_replier_bind_event_data(bound))
        self.assertEqual("<ReplierBindEvent id=[0:9], flags=0x204 (SYN,aFL), [Bind '$.Fred' for 7]>",
                         str(Message("$.KBUS.ReplierBindEvent", bound, flags=0x204, id=(0, 9))))
        self.assertEqual("<ReplierBindEvent [Unbind '$.Fred' for 7]>", str(Message("$.KBUS.ReplierBindEvent", unbound)))
        self.assertEqual("<ReplierBindEvent>", str(Message("$.KBUS.ReplierBindEvent")))
        self.assertEqual("<ReplierBindEvent data=b'?'>", str(Message("$.KBUS.ReplierBindEvent", "?")))

    def test_bytes_for_people(self):
        self.assertEqual(("1\\x20\\x002~\\x7f", "1\\x20"), (hexdata(b"1 \x002~\x7f"), hexdata("1 ")))
        self.assertEqual(("31 32 33", "31 ff"), (hexify("123"), hexify(b"1\xff")))
        self.assertEqual((b"ab", b""), (c_data_as_bytes(ctypes.create_string_buffer(b"abc"), 2), c_data_as_bytes(None, 0)))


if __name__ == "__main__":
    unittest.main()
