"""The programs in docs/python.md do what stands beside them, when they are pasted into a file or at the prompt."""

import os
import re
import subprocess
import sys
import unittest

from tests.bus import PrivateBus, ROOT

_PROGRAM = re.compile(r"```python\n(?P<program>.*?)```\n\n(?:```\n(?P<output>.*?)```)?", re.DOTALL)


class DocumentTests(unittest.TestCase):
    def programs(self, *path):
        with open(os.path.join(ROOT, *path), encoding="utf-8") as document:
            return [match.groups() for match in _PROGRAM.finditer(document.read())]

    def run_program(self, program):
        with PrivateBus():
            run = subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                 universal_newlines=True, timeout=120)
        return run.stdout

    def test_each_program_prints_what_stands_below_it(self):
        programs = self.programs("docs", "python.md") + self.programs("README.md")
        self.assertGreaterEqual(len(programs), 5)
        for program, output in programs:
            with self.subTest(program=program):
                self.assertEqual(output, self.run_program(program))

    def test_each_program_can_be_pasted_at_the_prompt(self):
        for program, output in self.programs("docs", "python.md") + self.programs("README.md"):
            with self.subTest(program=program), PrivateBus():
                run = subprocess.run([sys.executable, "-q", "-i"], input=program + "\n", stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                     universal_newlines=True, timeout=120, env=dict(os.environ, PYTHONSTARTUP=""))
                self.assertEqual("", re.sub(r"(>>>|\.\.\.) |\n", "", run.stderr))
                # Between the lines the prompt shows what expressions give.
                shown = iter(run.stdout.splitlines())
                self.assertEqual([], [line for line in (output or "").splitlines() if line not in shown])

    def test_the_document_begins_with_one(self):
        with open(os.path.join(ROOT, "docs", "python.md"), encoding="utf-8") as document:
            self.assertTrue(document.read().startswith("# KBUS in Python\n\n```python\n"))


if __name__ == "__main__":
    unittest.main()
