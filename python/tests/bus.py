"""A bus of one's own for a test: a daemon in a directory that goes with it."""

import os
import shutil
import signal
import subprocess
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def _daemon():
    """The daemon that the environment names, or one that was built here."""
    for path in (os.environ.get("KBUS_DAEMON"), os.path.join(ROOT, "dist", "bin", "kbusd"),
                 os.path.join(ROOT, "artifacts", "bin", "Kbus.Daemon", "release", "kbusd")):
        if path and os.path.exists(path):
            return path
    raise FileNotFoundError("There is no kbusd: ./build makes one, or set KBUS_DAEMON to where it is.")


class PrivateBus:
    """Starts kbusd, and has this process and its children use it until the end of the with statement."""

    def __init__(self, *options):
        self._options = options

    def __enter__(self):
        self.directory = tempfile.mkdtemp(prefix="kbus-")
        self.environment = {"KBUS_RUNTIME_DIR": self.directory, "KBUS_AUTOSTART": "0"}
        self._before = {name: os.environ.get(name) for name in self.environment}
        os.environ.update(self.environment)
        self.daemon = subprocess.Popen([_daemon(), "--runtime-dir", self.directory, *self._options], stderr=subprocess.PIPE)
        # It says where it serves as soon as it does.
        first = self.daemon.stderr.readline()
        if b" in " not in first:
            self.__exit__()
            raise RuntimeError("kbusd did not start: %r" % first)
        return self

    def __exit__(self, *exception):
        for name, value in self._before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
        if self.daemon.poll() is None:
            self.daemon.send_signal(signal.SIGTERM)
        self.daemon.stderr.read()
        self.daemon.stderr.close()
        self.daemon.wait(60)
        shutil.rmtree(self.directory)

    def kill(self):
        """Kills the daemon without a word."""
        self.daemon.kill()
        self.daemon.wait(60)
