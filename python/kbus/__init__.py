"""KBUS: a message bus for the programs of one machine.

Processes open a :class:`Ksock` on a bus, bind to message names as listeners or as the one replier, and send announcements, requests and
replies. Every request gets exactly one answer, and all recipients see messages in the same order.

>>> from kbus import Announcement, Ksock
>>> listener, sender = Ksock(0), Ksock(0)
>>> listener.bind('$.Actor.*')
>>> sent = sender.send_msg(Announcement('$.Actor.Speak', 'Ahem'))
>>> listener.wait_for_msg().data
b'Ahem'
>>> listener.close(); sender.close()
"""

# The modules are here because programs for the original package may count on finding them, if they ask for them by name. A star gives only what is ours.
import array
import ctypes
import fcntl
import select
import string
import struct

from kbus import ksock, messages
from kbus._bindings import read_bindings
from kbus._errors import ClosedError, ForkedError, KbusError, NoReplyError, ReplyTimeoutError
from kbus.ksock import Ksock
from kbus.messages import (MSG_HEADER_LEN, Announcement, BindStruct, Message, MessageId, OrigFrom, ReplierStruct, Reply, Request,
                           SendResultStruct, Status, c_data_as_bytes, calc_entire_message_len, calc_padded_data_len,
                           calc_padded_name_len, hexdata, hexify, message_from_parts, reply_to, split_replier_bind_event_data,
                           stateful_request)

__version__ = "0.1.0"

__all__ = [
    "Announcement", "BindStruct", "Ksock", "MSG_HEADER_LEN", "Message", "MessageId", "OrigFrom", "ReplierStruct", "Reply", "Request",
    "SendResultStruct", "Status", "c_data_as_bytes", "calc_entire_message_len", "calc_padded_data_len", "calc_padded_name_len",
    "hexdata", "hexify", "ksock", "message_from_parts", "messages", "read_bindings", "reply_to", "split_replier_bind_event_data",
    "stateful_request",
]
