"""KBUS by its Python package: the roles echo and ask of peer.h, with a call and a replier that waits for its Requests."""

import ctypes
import os
import signal
import sys
import time


def argument(name, otherwise):
    for text in sys.argv[3:]:
        if text.startswith(name + "="):
            return text[len(name) + 1:]
    return otherwise


def open_ksock(address):
    os.environ["KBUS_RUNTIME_DIR"] = address
    os.environ["KBUS_AUTOSTART"] = "0"
    import kbus
    return kbus.Ksock(0, "rw")


def echo(ksock, name):
    ksock.bind(name, True)
    print("ready", flush=True)
    while True:
        request = ksock.wait_for_msg()
        ksock.send_reply_to(request, data=request.data)


def processor_time(processes):
    total = time.process_time_ns()
    for process in processes:
        try:
            # The clock of a process's processor time, as clock_getcpuclockid makes it.
            total += time.clock_gettime_ns((~process << 3) | 2)
        except OSError:
            pass
    return total


def thread_switches():
    with open("/proc/stat") as stat:
        return next(int(line.split()[1]) for line in stat if line.startswith("ctxt "))


class Pacer:
    """Waits until the next Request is due. One that is late begins at once, and the next ones are due after it."""

    def __init__(self, pace):
        self.pace = pace * 1000
        self.due = time.monotonic_ns()
        if pace > 0:
            ctypes.CDLL(None).prctl(29, 1, 0, 0, 0)

    def wait(self):
        if self.pace > 0:
            now = time.monotonic_ns()
            self.due = max(self.due + self.pace, now)
            time.sleep((self.due - now) / 1e9)


def ask(ksock, name, size):
    pace = int(argument("pace", 0))
    data = bytes(size)
    processes = [int(p) for p in argument("cpu", "").split(",") if p]

    def round_trip():
        answer = ksock.call(name, data)
        if answer is None or answer.is_synthetic() or len(answer.data) != size:
            sys.exit("that is no reply: %s" % answer)

    end = time.monotonic_ns() + int(argument("warm", 50)) * 1000000
    while time.monotonic_ns() < end:
        round_trip()
    pacer = Pacer(pace)
    for _ in range(0 if pace == 0 else min(50, max(3, 500000 // pace))):
        pacer.wait()
        round_trip()
    samples = []
    processor, switches = processor_time(processes), thread_switches()
    end = time.monotonic_ns() + int(argument("ms", 500)) * 1000000
    while True:
        pacer.wait()
        before = time.monotonic_ns()
        if before >= end:
            break
        round_trip()
        samples.append(time.monotonic_ns() - before)
    processor, switches = processor_time(processes) - processor, thread_switches() - switches
    samples.sort()
    count = len(samples)
    print("count=%d median_ns=%d p99_ns=%d p999_ns=%d max_ns=%d cpu_ns=%d switches=%.3f" % (
        count, samples[count // 2], samples[count * 99 // 100], samples[count * 999 // 1000], samples[-1], processor // count, switches / count))


def main():
    role, address = sys.argv[1:3]
    pair = int(argument("pair", 0))
    name = "$.Bench.Ask" + ("" if pair == 0 else str(pair))
    # Whoever started us ends us, also by dying.
    ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)
    with open_ksock(address) as ksock:
        if role == "echo":
            echo(ksock, name)
        elif role == "ask":
            ask(ksock, name, int(argument("size", 64)))
        else:
            sys.exit("there is no role %r" % role)


main()
