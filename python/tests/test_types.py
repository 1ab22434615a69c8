"""The types that the package tells hold: mypy finds nothing wrong with it, nor with a program that relies on them."""

import os
import re
import subprocess
import tempfile
import unittest

from tests.bus import ROOT

_STRICT = ("mypy", "--strict", "--no-error-summary")


class TypeTests(unittest.TestCase):
    def checked(self, *what):
        """What mypy says, which sees the package as an installed one would be seen: by its py.typed."""
        with tempfile.TemporaryDirectory() as cache:
            run = subprocess.run([*_STRICT, "--cache-dir", cache, *what], cwd=os.path.join(ROOT, "python"), stdout=subprocess.PIPE,
                                 stderr=subprocess.STDOUT, universal_newlines=True, timeout=3000)
        return run.stdout, run.returncode

    def test_the_package_is_typed_throughout(self):
        self.assertEqual(("", 0), self.checked("kbus"))

    def test_a_program_gets_the_types_that_it_expects(self):
        self.assertEqual(("", 0), self.checked("tests/typed_program.py"))

    def test_a_program_that_is_wrong_is_found_out(self):
        with tempfile.TemporaryDirectory() as place:
            program = os.path.join(place, "wrong.py")
            with open(program, "w", encoding="utf-8") as wrong:
                wrong.write("from kbus import Ksock, Message\n"
                            "with Ksock(0) as ksock:\n"
                            "    ksock.send_msg('$.Fred')\n"
                            "    ksock.wait_for_msg().data\n"
                            "    Message(b'$.Fred', 5)\n")
            said, code = self.checked(program)
        self.assertEqual(1, code, said)
        self.assertEqual(["3", "4", "5", "5"], re.findall(r"wrong\.py:(\d+): error: ", said), said)


if __name__ == "__main__":
    unittest.main()
