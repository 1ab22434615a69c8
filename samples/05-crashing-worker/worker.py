"""Multiplies what it is asked to, once. With --crash it dies before it has answered."""

import os
import signal
import sys

from kbus import Ksock, reply_to

with Ksock(0) as worker:
    worker.bind("$.Work.Multiply", True)
    request = worker.wait_for_msg()
    if "--crash" in sys.argv:
        os.kill(os.getpid(), signal.SIGKILL)
    one, other = request.data.split()
    worker.send_msg(reply_to(request, str(int(one) * int(other))))
