"""A terminal with an interactive Python in it, for documents that show what somebody types and what appears."""

import fcntl
import os
import pty
import select
import struct
import sys
import termios
import time

_LIMIT = 60.0
_PROMPTS = (">>>", "...")


class Terminal:
    """An interactive Python process at a pseudo-terminal: what is typed into it, and what appears on its screen."""

    def __init__(self, environment):
        """Starts Python and waits for its first prompt."""
        self._unseen = ""
        self._pid, self._screen = pty.fork()
        if self._pid == 0:
            # A terminal of the simplest kind: what is typed is echoed, and nothing is coloured or moved about.
            os.environ.update(environment, TERM="dumb", PYTHON_BASIC_REPL="1", PYTHON_COLORS="0", INPUTRC="/dev/null")
            os.environ.pop("PYTHONSTARTUP", None)
            os.execv(sys.executable, [sys.executable, "-q", "-i"])
        fcntl.ioctl(self._screen, termios.TIOCSWINSZ, struct.pack("=HHHH", 50, 2000, 0, 0))
        self._wait_for(lambda: self._unseen == ">>> ", ">>> ")

    def play(self, lines):
        """Types the lines that begin with a prompt, and compares all others with what appears. Gives when all has appeared."""
        last_statement = ""
        is_traceback = False
        for line in lines:
            if line == "<CTRL-C>":
                self._type(b"\x03")
                self._expect("^C")
                is_traceback = False
            elif line[:3] in _PROMPTS and line[3:4] in ("", " "):
                self._expect(line[:3] + " ")
                self._type(line[4:].encode() + b"\n")
                self._expect(line[4:] + "\n")
                last_statement = line[4:] if line[:3] == ">>>" else last_statement
                is_traceback = False
            elif is_traceback and line.startswith(" "):
                # Where in the package something happened is shown for the look of it, and changes.
                continue
            else:
                if is_traceback:
                    self._skip_frames()
                self._expect(line + "\n")
                is_traceback = line.startswith("Traceback ")
        if last_statement == "exit()":
            self._wait_for_end()
        elif last_statement and not last_statement.startswith("while "):
            # An endless loop gives no prompt; all else is over when the next one is there.
            self._wait_for(lambda: self._unseen == ">>> ", ">>> ")

    def close(self):
        """Ends what is left of the process."""
        os.close(self._screen)
        try:
            os.kill(self._pid, 9)
        except ProcessLookupError:
            pass
        os.waitpid(self._pid, 0)

    def _type(self, octets):
        os.write(self._screen, octets)

    def _expect(self, text):
        self._wait_for(lambda: len(self._unseen) >= len(text) or not text.startswith(self._unseen), text)
        if not self._unseen.startswith(text):
            raise AssertionError("the screen should show\n%r\nand shows\n%r" % (text, self._unseen))
        self._unseen = self._unseen[len(text):]

    def _skip_frames(self):
        while True:
            self._wait_for(lambda: "\n" in self._unseen, "a line")
            if not self._unseen.startswith(" "):
                return
            self._unseen = self._unseen[self._unseen.index("\n") + 1:]

    def _wait_for_end(self):
        try:
            self._wait_for(lambda: False, "the end")
        except EOFError:
            if self._unseen:
                raise AssertionError("before the end the screen shows %r" % self._unseen) from None

    def _wait_for(self, is_there, what):
        limit = time.monotonic() + _LIMIT
        while not is_there():
            ready, _, _ = select.select([self._screen], [], [], max(0.0, limit - time.monotonic()))
            if not ready:
                raise AssertionError("the screen should show\n%r\nand after %d s shows\n%r" % (what, _LIMIT, self._unseen))
            try:
                shown = os.read(self._screen, 65536)
            except OSError:
                # So a pseudo-terminal says that nobody is at its other end any more.
                shown = b""
            if not shown:
                raise EOFError("the process ended; the screen shows %r" % self._unseen)
            self._unseen += shown.decode().replace("\r\n", "\n")
