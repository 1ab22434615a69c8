"""The roles of PlayerInCSharp.cs, by the Python package."""

import errno
import sys
import zlib

from kbus import Announcement, Ksock, Request, Status, reply_to, stateful_request

PATIENCE = 60
CONTENTS = [b"Hello", bytes(range(256)), b"", bytes((i * 31 + i // 251) & 255 for i in range(200_000))]


def say(*words):
    print(*words, flush=True)


def describe(data):
    return "%d %08x" % (len(data), zlib.adler32(data))


def data_of(msg):
    """The data; for the package, as for the original, a message without any has None."""
    return msg.data or b""


def wait(ksock):
    msg = ksock.wait_for_msg(PATIENCE)
    if msg is None:
        raise TimeoutError("No message came.")
    return msg


def sender(ksock):
    for data in CONTENTS:
        say(ksock.send_msg(Announcement("$.Told", data)), describe(data))


def listener(ksock):
    ksock.bind("$.Told")
    say("ready")
    for _ in CONTENTS:
        msg = wait(ksock)
        say(msg.id, describe(data_of(msg)))


def ask(ksock, request):
    answer = ksock.call(request, PATIENCE)
    if answer is None:
        raise TimeoutError("No answer came.")
    if isinstance(answer, Status):
        say("status", answer.in_reply_to, answer.name)
    else:
        say("reply", answer.in_reply_to, describe(data_of(answer)))
    return answer


def requester(ksock):
    for data in CONTENTS:
        reply = ask(ksock, Request("$.Asked", data))
    ask(ksock, stateful_request(reply, "$.Asked", "And then?"))
    ask(ksock, stateful_request(reply, "$.Asked", "Go"))
    try:
        ask(ksock, stateful_request(reply, "$.Asked", "Still there?"))
    except OSError as e:
        say("refused", errno.errorcode[e.errno])


def replier(ksock):
    ksock.bind("$.Asked", True)
    say("ready")
    while True:
        request = wait(ksock)
        say("stateful" if request.is_stateful_request() else "request", request.id, describe(data_of(request)))
        if request.data == b"Go":
            return
        ksock.send_msg(reply_to(request, data_of(request)[::-1]))


with Ksock(0) as opened:
    {"sender": sender, "listener": listener, "requester": requester, "replier": replier}[sys.argv[1]](opened)
