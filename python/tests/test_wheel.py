"""The wheel: pip installs it without a network, and then the package works by itself."""

import os
import shutil
import subprocess
import sys
import tempfile
import unittest
import zipfile

from kbus._library import library
from tests.bus import PrivateBus, ROOT

_PROGRAM = """\
import os, kbus
assert os.path.dirname(kbus.__file__) == os.path.dirname(kbus.ksock.library._name), kbus.ksock.library
with kbus.Ksock() as ksock:
    ksock.bind("$.Fred")
    ksock.send_msg(kbus.Message("$.Fred", "abc"))
    print(ksock.wait_for_msg())
"""


class WheelTests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="kbus-wheel-")
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.wheel = cls.run_program(sys.executable, os.path.join(ROOT, "eng", "wheel.py"), cls.folder, library._name).strip()

    @staticmethod
    def run_program(*arguments, environment=None):
        # Not where the package of the checkout would be found.
        run = subprocess.run(arguments, env=environment, cwd="/", stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True, timeout=300)
        if run.returncode != 0:
            raise AssertionError("%s: %s" % (" ".join(arguments), run.stdout))
        return run.stdout

    def clean(self):
        """This environment without what leads to the package or the library of the checkout."""
        return {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "KBUS_LIBRARY")}

    def test_pip_installs_it_and_it_works(self):
        place = os.path.join(self.folder, "venv")
        self.run_program(sys.executable, "-m", "venv", place)
        python = os.path.join(place, "bin", "python3")
        self.run_program(python, "-m", "pip", "install", "--no-index", "--disable-pip-version-check", self.wheel, environment=self.clean())
        with PrivateBus():
            said = self.run_program(python, "-c", _PROGRAM, environment=self.clean())
        self.assertEqual("<Announcement '$.Fred', id=[0:1], from=1, data=b'abc'>\n", said)

    def test_it_is_the_same_each_time(self):
        other = os.path.join(self.folder, "again")
        again = self.run_program(sys.executable, os.path.join(ROOT, "eng", "wheel.py"), other, library._name).strip()
        with open(self.wheel, "rb") as one, open(again, "rb") as two:
            self.assertEqual(one.read(), two.read())

    def test_it_has_the_whole_package(self):
        with zipfile.ZipFile(self.wheel) as wheel:
            self.assertIsNone(wheel.testzip())
            inside = {os.path.basename(name) for name in wheel.namelist() if name.startswith("kbus/")}
            modes = {name: wheel.getinfo("kbus/" + name).external_attr >> 16 for name in inside}
        # As pip understands it: a regular file that may be run.
        self.assertEqual((0o100755, 0o100644), (modes["libkbus.so"], modes["__init__.py"]))
        package = {name for name in os.listdir(os.path.join(ROOT, "python", "kbus")) if name != "__pycache__"}
        self.assertEqual(package | {"libkbus.so"}, inside)


class FindingTests(unittest.TestCase):
    """What the package says and does when the library is elsewhere, or nowhere."""

    def said(self, program="import kbus", cwd="/", **environment):
        place = tempfile.mkdtemp(prefix="kbus-alone-")
        self.addCleanup(shutil.rmtree, place)
        shutil.copytree(os.path.join(ROOT, "python", "kbus"), os.path.join(place, "a", "b", "kbus"))
        without = {name: value for name, value in os.environ.items() if name != "KBUS_LIBRARY"}
        without.update(environment, PYTHONPATH=os.path.join(place, "a", "b"))
        run = subprocess.run([sys.executable, "-c", program], env=without, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                             universal_newlines=True, timeout=300)
        return run.stdout.splitlines()[-1] if run.stdout else ""

    def test_no_library(self):
        self.assertRegex(self.said(), r"^ImportError: There is no libkbus\.so, .* \./build makes it .* Or set KBUS_LIBRARY to where it is\.")

    def test_a_library_that_is_named_and_not_there(self):
        self.assertRegex(self.said(KBUS_LIBRARY="/nowhere/libkbus.so"), r"^ImportError: KBUS_LIBRARY is '/nowhere/libkbus\.so', which cannot be used: ")

    def test_a_library_that_is_another(self):
        self.assertRegex(self.said(KBUS_LIBRARY="libc.so.6"), r"^ImportError: KBUS_LIBRARY is 'libc\.so\.6', which cannot be used: .*kbus_ksock_open")

    def test_the_library_of_the_checkout(self):
        program = ("import os, sys, shutil\n"
                   "dist = os.path.join(os.path.dirname(sys.path[1]), 'dist')\n"
                   "os.makedirs(dist + '/lib'); os.makedirs(dist + '/bin'); os.environ.pop('KBUS_DAEMON', None)\n"
                   "shutil.copy(%r, dist + '/lib/libkbus.so'); shutil.copy('/bin/true', dist + '/bin/kbusd')\n"
                   "import kbus\n"
                   "print(os.path.relpath(kbus.ksock.library._name, dist), os.path.relpath(os.environ['KBUS_DAEMON'], dist))" % library._name)
        self.assertEqual("lib/libkbus.so bin/kbusd", self.said(program))

    def test_a_library_that_the_loader_finds_brings_no_daemon_of_the_current_directory(self):
        with tempfile.TemporaryDirectory() as place:
            installed, shared, here = (os.path.join(place, *path) for path in (["lib"], ["shared"], ["shared", "here"]))
            for folder in (installed, here):
                os.makedirs(folder)
            os.symlink(library._name, os.path.join(installed, "libkbus.so.1"))
            for folder in (here, shared):
                shutil.copy("/bin/true", os.path.join(folder, "kbusd"))
            program = "import os; os.environ.pop('KBUS_DAEMON', None); import kbus; print(kbus.ksock.library._name, os.environ.get('KBUS_DAEMON'))"
            for named in ({}, {"KBUS_LIBRARY": "libkbus.so.1"}):
                self.assertEqual("libkbus.so.1 None", self.said(program, cwd=here, LD_LIBRARY_PATH=installed, **named))

    def test_no_daemon(self):
        with tempfile.TemporaryDirectory() as nobody:
            program = "import os; os.environ.pop('KBUS_DAEMON', None); os.environ['PATH'] = ''; import kbus; kbus.Ksock()"
            alone = shutil.copy(library._name, os.path.join(nobody, "libkbus.so"))
            said = self.said(program, KBUS_LIBRARY=alone, KBUS_RUNTIME_DIR=nobody, KBUS_AUTOSTART="1")
        self.assertRegex(said, r"^FileNotFoundError: \[Errno 2\] .*: '/dev/kbus0'\. KBUS: .* no kbusd program is to be found to start one\. Install it, or set KBUS_DAEMON to its path\.$")

    def test_no_daemon_and_none_may_be_started(self):
        with tempfile.TemporaryDirectory() as nobody:
            said = self.said("import kbus; kbus.Ksock()", KBUS_LIBRARY=library._name, KBUS_RUNTIME_DIR=nobody, KBUS_AUTOSTART="0")
            other = self.said("import kbus; kbus.Ksock(3)", KBUS_LIBRARY=library._name, KBUS_RUNTIME_DIR=nobody, KBUS_AUTOSTART="0")
        self.assertRegex(said, r"^FileNotFoundError: \[Errno 2\] .*: '/dev/kbus0'\. KBUS: No kbusd answers in .*\. KBUS_AUTOSTART=0 forbids to start one\. Start one with 'kbusd'\.$")
        self.assertRegex(other, r"^FileNotFoundError: \[Errno 2\] .*: '/dev/kbus3'\. KBUS: No kbusd answers in .*\. KBUS_AUTOSTART=0 forbids to start one\. Start one with 'kbusd'\.$")


if __name__ == "__main__":
    unittest.main()
