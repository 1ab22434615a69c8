"""Runs the tests of modules and prints a line of JSON for each: its name, and what went wrong, or null.

usage: python3 -m tests.report MODULE ...
"""

import json
import sys
import unittest


class Report(unittest.TestResult):
    """Prints each outcome as soon as it is known. A test that was skipped has not shown anything, and counts as wrong."""

    def startTest(self, test):
        super().startTest(test)
        self._wrong = []

    def addError(self, test, err):
        super().addError(test, err)
        self._note(test, self.errors[-1][1])

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._note(test, self.failures[-1][1])

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self._wrong.append("%s\n%s" % (subtest, self._exc_info_to_string(err, test)))

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self._note(test, "skipped: " + reason)

    def addUnexpectedSuccess(self, test):
        super().addUnexpectedSuccess(test)
        self._note(test, "unexpected success")

    def stopTest(self, test):
        super().stopTest(test)
        say(test.id(), "\n".join(self._wrong) or None)
        self._wrong = None

    def _note(self, test, text):
        if getattr(self, "_wrong", None) is None:
            # Not within a test: a module that cannot be read, a class that cannot be set up.
            say(test.id(), text)
        else:
            self._wrong.append(text)


def say(name, wrong):
    """One line about one test."""
    print(json.dumps({"test": name, "wrong": wrong}), flush=True)


def main():
    unittest.defaultTestLoader.loadTestsFromNames(sys.argv[1:]).run(Report())


if __name__ == "__main__":
    main()
