"""Memory stays as it is, however many messages are sent and read."""

import asyncio
import errno
import unittest

from kbus import *
from tests.test_ksock import KsockTests

ROUNDS = 1500  # in each half
MOST_GROWTH_KB = 2048


def resident():
    """The process's resident memory, in KiB."""
    with open("/proc/self/status") as status:
        for line in status:
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
    raise RuntimeError("There is no VmRSS.")


class EnduranceTests(KsockTests):
    def assertSteady(self, half, least):
        """Fails if the second half of the messages, of which there are so many at least, has made the process grow."""
        messages = half()
        before = resident()
        messages += half()
        after = resident()
        self.assertGreaterEqual(messages, least)
        self.assertLessEqual(after, before + MOST_GROWTH_KB, "%d KiB, then %d KiB" % (before, after))

    def test_memory_over_messages_of_all_kinds(self):
        one, other = self.open(), self.open()
        other.bind("$.Told")
        other.bind("$.Asked", True)
        big = bytes(200_000)

        def announce():
            for _ in range(3):
                one.send_msg(Announcement("$.Told", "abc"))
            self.assertEqual(b"abc", other.read_next_msg().data)
            self.assertEqual(b"abc", bytes(other.borrow_next_msg().data_view))
            self.assertEqual([b"abc"], [msg.data for msg in other])
            return 6

        def converse():
            one.send_msg(Request("$.Asked", "what"))
            other.send_msg(reply_to(other.read_next_msg(), "that"))
            self.assertEqual(b"that", one.read_next_msg().data)
            return 4

        def send_big():
            one.send_msg(Announcement("$.Told", big))
            one.send_msg(Announcement("$.Told", big))
            self.assertEqual(len(big), len(other.read_next_msg().data))
            self.assertEqual(len(big), len(other.borrow_next_msg().data_view))
            return 4

        def be_refused():
            self.assertErrno(errno.EADDRNOTAVAIL, one.send_msg, Request("$.Nobody"))
            return 1

        def half():
            messages = 0
            for i in range(ROUNDS):
                messages += announce() + converse()
                if i % 25 == 0:
                    messages += send_big() + be_refused()
            return messages

        self.assertSteady(half, 30_000)

    def test_memory_over_requests_that_are_awaited(self):
        one, other = self.open(), self.open()
        other.bind("$.Asked", True)

        async def answer():
            async for request in other:
                other.send_msg(reply_to(request, request.data))

        async def ask():
            answering = asyncio.ensure_future(answer())
            for _ in range(500):
                answers = await asyncio.gather(*[one.request(Request("$.Asked", str(n)), 60) for n in range(2)])
                self.assertEqual([b"0", b"1"], [reply.data for reply in answers])
            answering.cancel()
            await asyncio.wait([answering])
            return 4 * 500

        self.assertSteady(lambda: asyncio.run(ask()), 4000)


if __name__ == "__main__":
    unittest.main()
