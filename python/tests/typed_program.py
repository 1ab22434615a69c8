"""A program that says of everything it gets from the package what type it is. It is checked (test_types.py), not run."""

from __future__ import annotations

import asyncio
import select
from typing import List, Optional, Tuple

from kbus import (Announcement, Ksock, Message, MessageId, OrigFrom, Reply, Request, Status, read_bindings, reply_to,
                  split_replier_bind_event_data, stateful_request)


def conversation() -> Optional[bytes]:
    with Ksock(0) as requester, Ksock(0, "r") as listener:
        listener.bind("$.Fred")
        listener.bind(b"$.Jim", replier=True)
        sent: MessageId = requester.send_msg(Announcement("$.Fred", b"data", flags=Message.URGENT))
        serial: int = (sent + 1).serial_num
        waited: Optional[MessageId] = requester.wait_to_send_msg(Announcement("$.Fred", flags=Message.ALL_OR_WAIT), timeout=2)
        print(waited)
        for outcome in requester.send_msgs([Announcement("$.Fred"), Request("$.Jim")]):
            if isinstance(outcome, OSError):
                print(outcome.errno)
            else:
                also: MessageId = outcome
                print(also)
        borrowed: Optional[Message] = listener.borrow_next_msg(timeout=0.5)
        if borrowed is not None:
            print(borrowed.data_view[0])
        ready: List[Ksock] = select.select([listener], [], [], 0)[0]
        read: List[Message] = [msg for ksock in ready for msg in ksock]
        for msg in read:
            origin: Optional[OrigFrom] = msg.orig_from
            name: str = msg.name
            view: memoryview = msg.data_view
            print(origin, name, len(view), serial, msg.flags, msg.to, msg.is_reply(), msg == sent)
        answer: Optional[Message] = requester.call(Request("$.Jim", "How?"), timeout=1.5)
        if isinstance(answer, (Reply, Status)):
            again: Request = stateful_request(answer, "$.Jim", bytearray(b"again"))
            requester.send_msg(again)
        replier: Optional[int] = listener.find_replier("$.Jim")
        bindings: List[Tuple[object, bool, str]] = read_bindings({1: "one"})
        event: Tuple[int, int, str] = split_replier_bind_event_data(b"")
        print(replier, bindings, event, listener.max_messages() + listener.want_messages_once(True))
        return answer.data if answer is not None else None


async def replier(ksock: Ksock) -> None:
    async for request in ksock:
        if request.wants_us_to_reply():
            answer: Reply = reply_to(request, "So")
            await ksock.send_when_possible(answer)
    last: Optional[Message] = await ksock.receive(timeout=2)
    print(last)


async def requester(ksock: Ksock) -> None:
    answers: List[Optional[Message]] = await asyncio.gather(*[ksock.request(Request("$.Fred")) for _ in range(3)])
    print(answers)
