"""Has a sum done by workers, which are processes of their own and may crash."""

import os
import subprocess
import sys

from kbus import Ksock, Request, Status

WORKER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "worker.py")


def start_worker(boss, *arguments):
    """Starts a worker and waits until it has bound as the replier; the bus announces that."""
    worker = subprocess.Popen([sys.executable, WORKER, *arguments])
    while boss.find_replier("$.Work.Multiply") is None:
        boss.wait_for_msg()
    return worker


with Ksock(0) as boss:
    boss.bind("$.KBUS.ReplierBindEvent")
    boss.report_replier_binds()

    worker = start_worker(boss, "--crash")
    while True:
        print("The boss asks for 6 x 7.", flush=True)
        answer = boss.call(Request("$.Work.Multiply", "6 7"))
        worker.wait()
        if not isinstance(answer, Status):
            break
        # Every Request is answered: when the replier cannot do it any more, the bus does.
        print("The worker has died (%s). Another one is started." % answer.name, flush=True)
        worker = start_worker(boss)
    print("The answer is %s." % answer.data.decode())
