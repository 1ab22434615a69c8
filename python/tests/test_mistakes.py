"""What a newcomer does wrong is refused at once, and the error says what to do."""

import copy
import os
import pickle
import re
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
        for call in (ksock.send_msg, ksock.write_msg, ksock.call, ksock.request, reply_to, lambda what: stateful_request(what, "$.Fred"),
                     lambda what: ksock.send_msgs([what])):
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
            self.assertIn("there is no bus with that number", str(raised.exception))

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
        refusal = r"^0 PermissionError \[Errno 13\] .* this user may not use the bus: .* Ask whoever runs kbusd to let this user in, .*: '/dev/kbus0'$"
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
                             stderr=subprocess.STDOUT, universal_newlines=True, timeout=60)
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
        self.assertRegex(lines[-1], r"^bus 0    \[Errno 2\] .* no kbusd answers, and KBUS_AUTOSTART=0 forbids to start one\. Start it with 'kbusd'\.")
        self.assertEqual(1, code)

    def test_a_daemon_that_is_not_where_it_should_be(self):
        program = "import kbus; kbus.Ksock()"
        run = subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True, timeout=60,
                             env=dict(os.environ, KBUS_RUNTIME_DIR="/nowhere/at/all", KBUS_AUTOSTART="1", KBUS_DAEMON="/nowhere/kbusd"))
        self.assertRegex(run.stdout.splitlines()[-1], r"^FileNotFoundError: \[Errno 2\] .* KBUS_DAEMON is '/nowhere/kbusd', and there is no such program")

    def test_the_version_is_that_of_the_release(self):
        with open(os.path.join(ROOT, "Directory.Build.props"), encoding="utf-8") as props:
            self.assertEqual(re.findall("<VersionPrefix>(.*)</VersionPrefix>", props.read()), [kbus.__version__])


if __name__ == "__main__":
    unittest.main()
