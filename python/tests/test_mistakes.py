"""What a newcomer does wrong is refused at once, and the error says what to do."""

import asyncio
import copy
import errno
import fractions
import os
import pickle
import stat
import subprocess
import sys
import unittest

import kbus
from kbus import *
from tests.bus import ROOT
from tests.test_ksock import KsockTests

_NOBODY = 65534


class MistakeTests(KsockTests):
    def assertSays(self, kind, text, call, *arguments):
        with self.assertRaises(kind) as raised:
            call(*arguments)
        self.assertEqual(text, str(raised.exception))

    def test_something_that_is_no_message(self):
        ksock = self.open()
        for call in (ksock.send_msg, ksock.write_msg, reply_to, lambda what: stateful_request(what, "$.Fred"), Message.from_message,
                     lambda what: ksock.send_msgs([what]), lambda what: ksock.send_msg(what, "data"), Message("$.Fred").equivalent):
            for what in ("$.Fred", b"$.Fred", None, 5):
                self.assertSays(TypeError, "A message is wanted here, as Announcement('$.Name', 'data') makes one, not %s" % type(what).__name__,
                                call, what)

    def test_names_and_data_of_the_wrong_type(self):
        ksock = self.open()
        for call in (ksock.bind, ksock.unbind, ksock.find_replier):
            self.assertSays(TypeError, "Message name must be a str or bytes, not int", call, 5)
        self.assertSays(TypeError, "Message name must be a str, not bytes", Announcement, b"$.Fred")
        for what in (5, 0.5, ["a"], {"a": 1}, True):
            self.assertSays(TypeError, "Message data is a str or bytes, not %s: encode it first, as str(...) does" % type(what).__name__,
                            Request, "$.Fred", what)

    def test_a_request_by_its_name_and_data(self):
        ksock = self.open()
        with self.assertRaises(OSError) as raised:
            ksock.call("$.Nobody", "hi")
        self.assertEqual("[Errno 99] Cannot assign requested address. KBUS: Nobody is bound as replier to $.Nobody. Ksock 1 of bus 0 sent "
                         "nothing. Start the replier, or wait for it to bind.", str(raised.exception))
        replier = self.open()
        replier.bind("$.Slow", True)
        for call in (ksock.call, ksock.request):
            self.assertIsNone(call("$.Slow", "hi", 0))
            self.assertIsNone(call("$.Slow", data=b"hi", timeout=0.01))
            self.assertIsNone(call("$.Slow", timeout=0))
            self.assertEqual([b"hi", b"hi", None], [msg.data for msg in replier])
            for what in (b"$.Fred", None, 5):
                self.assertSays(TypeError, "A Request is wanted here, as Request('$.Name', 'data') makes one, or a name and data, not %s"
                                % type(what).__name__, call, what)
            self.assertSays(TypeError, "Message data is a str or bytes, not int: encode it first, as str(...) does; a time limit is given as "
                            "timeout=5", call, "$.Slow", 5)
            self.assertSays(TypeError, "With a Request a call takes a timeout and nothing else: call(request, timeout=5), or "
                            "call('$.Name', 'data', timeout=5)", call, Request("$.Slow"), "hi", 5)
            self.assertSays(TypeError, "With a name a call takes data and a timeout: call('$.Name', 'data', timeout=5)",
                            call, "$.Slow", "hi", 5, "and more")
            self.assertSays(ValueError, "Only a Request gets an answer, as Request('$.Name', 'data') makes one: <Announcement '$.Slow'>",
                            call, Announcement("$.Slow"))
            self.assertSays(ValueError, 'Message name "Slow" does not start "$."', call, "Slow")
        self.assertIsNone(replier.read_next_msg())

    def test_a_time_that_is_none(self):
        ksock = self.open()
        for what in ("1", b"1", "soon", [1], Request("$.Fred")):
            said = "A timeout is a number of seconds, or None to wait for ever, not %r" % (what,)
            for call in (ksock.wait_for_msg, ksock.borrow_next_msg, lambda what: ksock.call(Request("$.Fred"), what),
                         lambda what: ksock.call("$.Fred", timeout=what), lambda what: ksock.wait_to_send_msg(Announcement("$.Fred"), what),
                         lambda what: asyncio.run(ksock.receive(what))):
                self.assertSays(TypeError, said, call, what)
        self.assertSays(ValueError, "A timeout is a number of seconds, not nan", ksock.wait_for_msg, float("nan"))
        self.assertIsNone(ksock.wait_for_msg(0.0))
        self.assertIsNone(ksock.wait_for_msg(fractions.Fraction(1, 1000)))
        ksock.bind("$.Fred")
        ksock.send_msg(Announcement("$.Fred"))
        self.assertEqual("$.Fred", ksock.wait_for_msg(float("inf")).name)
        self.assertIsNone(ksock.read_next_msg(), "what was refused has not been sent")

    def test_a_message_where_none_is_wanted_and_several_where_one_is(self):
        ksock = self.open()
        self.assertSays(TypeError, "send() sends what write_msg() has written, and takes no message: use send_msg(message)",
                        ksock.send, Announcement("$.Fred"))
        self.assertSays(TypeError, "send_msg() sends one message: send several by send_msgs([...])",
                        ksock.send_msg, Announcement("$.Fred"), Announcement("$.Jim"))
        for what in (Announcement("$.Fred"), 5, None):
            self.assertSays(TypeError, "Several messages are wanted here, as a list of them, not %s; one message is sent by send_msg()"
                            % type(what).__name__, ksock.send_msgs, what)
        for what in ("text", Announcement("$.Fred"), 5):
            for call in (ksock.write_data, ksock.fd.write):
                self.assertSays(TypeError, "The bytes of a message are wanted here, as to_bytes() of a message gives them, not %s; a whole message "
                                "is sent by send_msg()" % type(what).__name__, call, what)
        self.assertErrno(errno.ENOMSG, ksock.send)

    def test_a_text_where_yes_or_no_is_wanted(self):
        ksock = self.open()
        for call in (ksock.bind, ksock.unbind):
            self.assertSays(TypeError, "replier is True or False, not 'listener'", call, "$.Fred", "listener")
        for call in (ksock.want_messages_once, ksock.report_replier_binds, ksock.kernel_module_verbose):
            self.assertSays(TypeError, "A switch is True or False, not 'no'", call, "no")
        self.assertEqual([], [binding for binding in read_bindings()])

    def test_a_text_where_a_number_is_wanted(self):
        ksock = self.open()
        for call in (ksock.set_max_messages, ksock.set_max_message_size, ksock.read_data, ksock.read_msg):
            for what in ("5", None, 5.0):
                self.assertSays(TypeError, "A whole number is wanted here, not %s" % type(what).__name__, call, what)

    def test_fields_of_a_message_that_are_none(self):
        for field in ("to", "from_"):
            self.assertSays(TypeError, "%s is a number, the id of a Ksock, not str" % field, lambda: Message("$.Fred", **{field: "7"}))
        self.assertSays(TypeError, "flags is a number, not str", lambda: Message("$.Fred", flags="URGENT"))
        for field, kind in (("id", "MessageId"), ("in_reply_to", "MessageId"), ("orig_from", "OrigFrom"), ("final_to", "OrigFrom")):
            for what in (5, "0:1", (1, 2, 3)):
                self.assertSays(TypeError, "%s is a %s, or a tuple of its two numbers, not %s" % (field, kind, type(what).__name__),
                                lambda: Message("$.Fred", **{field: what}))
        self.assertSays(TypeError, "Bytes are wanted here, or a str, not int", Message.from_bytes, 5)
        self.assertSays(TypeError, "Sequence arg to Reply.from_sequence() is what extract() gives, not int", Reply.from_sequence, 5)
        self.assertSays(TypeError, "The data of a ReplierBindEvent are wanted here, as msg.data, not NoneType", split_replier_bind_event_data, None)
        self.assertSays(ValueError, "The data of a ReplierBindEvent are at least 12 bytes, not 3", split_replier_bind_event_data, b"abc")

    def test_what_a_terminal_would_obey_is_shown_and_not_done(self):
        evil = "$.Evil\x9b31m\x1b[2J\u202e"
        shown = r"$.Evil\x9b31m\x1b[2J\u202e"
        self.assertSays(ValueError, 'Message name "%s" does not start "$."' % shown[2:], Announcement, evil[2:])
        ksock = self.open()
        for call in (ksock.bind, ksock.unbind, lambda name: ksock.send_msg(Announcement(name)), lambda name: ksock.call(name, "data")):
            text = str(self.assertErrno(errno.EBADMSG, call, evil))
            self.assertTrue(text.isprintable(), ascii(text))
            self.assertIn(r'"$.Evil\xc2\x9b31m\x1b[2J\xe2\x80\xae" is not a legal message name', text)
        for text in (str(Announcement(evil, evil)), repr(Announcement(evil, evil))):
            self.assertTrue(text.isprintable(), ascii(text))

    def test_limits_that_are_none(self):
        ksock = self.open()
        for number in (-1, 1 << 32):
            self.assertSays(OverflowError, "%d is not a number from 0 to 4294967295" % number, ksock.set_max_messages, number)
        self.assertEqual(100, ksock.max_messages())

    def test_a_ksock_is_not_copied(self):
        ksock = self.open()
        for call in (pickle.dumps, copy.copy, copy.deepcopy):
            self.assertSays(TypeError, "A Ksock belongs to the process that opened it, and cannot be copied or pickled: open another by Ksock(0)",
                            call, ksock)
            with self.assertRaises(TypeError):
                call(ksock.fd)
        self.assertEqual(1, ksock.ksock_id())
        self.assertEqual("<KsockFile /dev/kbus0 open>", repr(ksock.fd))


class OpeningTests(KsockTests):
    """Each that fails leaves no descriptor behind."""

    def setUp(self):
        super().setUp()
        # The library has one of its own from the first call on.
        Ksock().close()
        before = self.descriptors()
        self.addCleanup(lambda: self.assertEqual(before, self.descriptors()))

    @staticmethod
    def descriptors():
        return len(os.listdir("/proc/self/fd"))

    def test_numbers_of_no_bus(self):
        for number in (1, 77, 256, -1, (1 << 32) - 1, 1 << 32, (1 << 32) + 1, 10 ** 30):
            with self.assertRaises(FileNotFoundError) as raised:
                Ksock(number)
            self.assertEqual("/dev/kbus%d" % number, raised.exception.filename)
            self.assertRegex(str(raised.exception), r"KBUS: There is no bus %d" % number)

    def test_what_is_no_number(self):
        for what in ("0", "/dev/kbus0", 0.0, None, [0]):
            with self.assertRaises(TypeError) as raised:
                Ksock(what)
            self.assertEqual("A Ksock is opened by the number of its bus, as Ksock(0), not by %r" % (what,), str(raised.exception))

    def as_a_stranger(self):
        """What another user is told; or, unless this one is root, this user."""
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                if os.geteuid() == 0:
                    os.setuid(_NOBODY)
                before = self.descriptors()
                try:
                    Ksock().close()
                    said = "opened"
                except OSError as e:
                    said = "%s %s" % (type(e).__name__, e)
                os.write(writer, ("%d %s" % (self.descriptors() - before, said)).encode())
            finally:
                os._exit(0)
        os.close(writer)
        with os.fdopen(reader) as pipe:
            told = pipe.read()
        os.waitpid(child, 0)
        return told

    def test_a_user_who_may_not(self):
        bus = os.path.join(self.bus.directory, "bus0")
        mode = stat.S_IMODE(os.stat(bus).st_mode)
        os.chmod(self.bus.directory, 0o711)
        self.assertEqual("0 opened", self.as_a_stranger())
        refusal = r"^0 PermissionError \[Errno 13\] Permission denied: '/dev/kbus0'\. KBUS: This user may not open bus 0 in .*\. Ask whoever runs kbusd to let this user in, .*$"
        os.chmod(bus, 0)
        self.assertRegex(self.as_a_stranger(), refusal)
        os.chmod(bus, mode)
        os.chmod(self.bus.directory, 0)
        self.assertRegex(self.as_a_stranger(), refusal)
        os.chmod(self.bus.directory, 0o700)


class AskingTests(KsockTests):
    """What the package tells of itself on the shell."""

    def said(self, **environment):
        run = subprocess.run([sys.executable, "-m", "kbus"], env=dict(os.environ, **environment), stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, universal_newlines=True, timeout=300)
        return run.stdout.splitlines(), run.returncode

    def test_a_bus_that_answers(self):
        lines, code = self.said()
        self.assertEqual((["kbus %s, Python %s" % (kbus.__version__, sys.version.split()[0]), "bus 0    answers"], 0),
                         ([lines[0], lines[-1]], code))
        self.assertEqual("library  %s" % kbus.ksock.library._name, lines[1])

    def test_a_bus_that_is_not_there(self):
        lines, code = self.said(KBUS_RUNTIME_DIR="/nowhere/at/all", KBUS_AUTOSTART="1", KBUS_DAEMON=sys.executable)
        self.assertEqual(("bus 0    is not there yet: the first Ksock starts the daemon", 0), (lines[-1], code))
        lines, code = self.said(KBUS_RUNTIME_DIR="/nowhere/at/all", KBUS_AUTOSTART="0")
        self.assertRegex(lines[-1], r"^bus 0    \[Errno 2\] .* No kbusd answers in /nowhere/at/all\. KBUS_AUTOSTART=0 forbids to start one\. Start one with 'kbusd'\.$")
        self.assertEqual(1, code)

    def test_a_daemon_that_is_not_where_it_should_be(self):
        program = "import kbus; kbus.Ksock()"
        run = subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True, timeout=300,
                             env=dict(os.environ, KBUS_RUNTIME_DIR="/nowhere/at/all", KBUS_AUTOSTART="1", KBUS_DAEMON="/nowhere/kbusd"))
        self.assertRegex(run.stdout.splitlines()[-1], r"^FileNotFoundError: \[Errno 2\] .* KBUS_DAEMON is '/nowhere/kbusd', and there is no such program to start\.")
        self.assertRegex(run.stdout.splitlines()[-1], r"Install it, or set KBUS_DAEMON to its path\.$")

    def test_a_directory_with_too_long_a_path(self):
        program = "import kbus; kbus.Ksock()"
        run = subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True, timeout=300,
                             env=dict(os.environ, KBUS_RUNTIME_DIR="/" + 150 * "x"))
        said = run.stdout.splitlines()[-1]
        self.assertRegex(said, r"^OSError: \[Errno 36\] File name too long: '/dev/kbus0'\. KBUS: The directory of the bus, /x+, has so long a path")
        self.assertNotIn("message name", said)

    def test_the_version_is_that_of_the_release(self):
        with open(os.path.join(ROOT, "VERSION"), encoding="ascii") as version:
            self.assertEqual(version.read().strip(), kbus.__version__)


if __name__ == "__main__":
    unittest.main()
