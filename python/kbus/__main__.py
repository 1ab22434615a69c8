"""``python3 -m kbus`` says what the package uses, and whether a bus answers. It starts none."""

import os
import sys

import kbus
from kbus._library import library


def main() -> int:
    """Prints it; 1 if bus 0 does not answer."""
    print("kbus %s, Python %s" % (kbus.__version__, sys.version.split()[0]))
    print("library  %s" % library._name)
    print("daemon   %s" % os.environ.get("KBUS_DAEMON", "kbusd, wherever that is installed"))
    may_start = os.environ.get("KBUS_AUTOSTART") != "0"
    os.environ["KBUS_AUTOSTART"] = "0"
    try:
        kbus.Ksock(0).close()
    except OSError as e:
        is_asleep = may_start and isinstance(e, FileNotFoundError)
        print("bus 0    %s" % ("is not there yet: the first Ksock starts the daemon" if is_asleep else e))
        return 0 if is_asleep else 1
    print("bus 0    answers")
    return 0


if __name__ == "__main__":
    sys.exit(main())
