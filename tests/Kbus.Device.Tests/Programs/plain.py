"""Programs written for /dev/kbusN, with nothing but system calls.

usage: plain.py ROLE DEVICE [ARGUMENT ...]
"""
import ctypes
import errno
import fcntl
import os
import select
import struct
import sys

BIND, UNBIND, KSOCKID, REPLIER, NEXTMSG = 0x40086B02, 0x40086B03, 0x80086B04, 0xC0086B05, 0x80086B06
SEND, NUMMSGS, UNREPLIEDTO = 0x80086B08, 0x80086B0C, 0x80086B0D
REQUEST = 1
HEADER = struct.Struct('<15I4xQQI4x')


def bind(fd, name, replier=0):
    text = ctypes.create_string_buffer(name)
    fcntl.ioctl(fd, BIND, struct.pack('<IIQ', replier, len(name), ctypes.addressof(text)))


def send(fd, name, data=b'', flags=0, in_reply_to=(0, 0), to=0, pointy=False):
    text, body = ctypes.create_string_buffer(name), ctypes.create_string_buffer(data, max(len(data), 1))
    where = (ctypes.addressof(text), ctypes.addressof(body) if data else 0) if pointy else (0, 0)
    header = HEADER.pack(0x7375624B, 0, 0, *in_reply_to, to, 0, 0, 0, 0, 0, 0, flags, len(name), len(data), *where, 0x4B627573)
    padded = lambda b: b + b'\0' * (-len(b) % 4)
    message = header if pointy else header + padded(name + b'\0') + padded(data) + b'subK'
    assert os.write(fd, message) == len(message)
    return struct.unpack('<II', fcntl.ioctl(fd, SEND, b'\0' * 8))


def wait_for_next(fd):
    """The next message: id, in_reply_to, from, flags, name, data."""
    select.select([fd], [], [])
    length = struct.unpack('<Q', fcntl.ioctl(fd, NEXTMSG, b'\0' * 8))[0]
    message = b''
    while len(message) < length:
        message += os.read(fd, length - len(message))
    words = HEADER.unpack_from(message)
    start = HEADER.size
    name = message[start:start + words[13]]
    start += 4 * ((words[13] + 4) // 4)
    return words[1:3], words[3:5], words[6], words[12], name, message[start:start + words[14]]


def replier(device):
    """Answers Requests for $.Ask by turning them round, until one says 'keep', which it keeps."""
    fd = os.open(device, os.O_RDWR)
    bind(fd, b'$.Ask', 1)
    print('ready', flush=True)
    while True:
        ident, _, sender, _, name, data = wait_for_next(fd)
        if data == b'keep':
            print('kept', flush=True)
        else:
            send(fd, name, data[::-1], in_reply_to=ident, to=sender)


def announcer(device, name, count):
    """Announces so many messages, numbered."""
    fd = os.open(device, os.O_WRONLY)
    for number in range(int(count)):
        send(fd, name.encode(), str(number).encode(), flags=0)


def stranger(device, user, group, other_user=None):
    """Becomes another user, as daemons do that were started by root, and uses the bus."""
    os.setgroups([])
    os.setgid(int(group))
    if other_user is None:
        os.setuid(int(user))
    else:
        os.setresuid(int(user), int(other_user), int(other_user))
    member(device)


def member(device):
    """Uses the bus in both forms of messages."""
    fd = os.open(device, os.O_RDWR)
    try:
        bind(fd, b'$.Stranger')
    except OSError as e:
        print('refused', errno.errorcode[e.errno], flush=True)
        return
    for pointy in False, True:
        send(fd, b'$.Stranger', b'strange' * 10000, pointy=pointy)
        assert wait_for_next(fd)[5] == b'strange' * 10000
    print('understood', flush=True)


def threads(device):
    """Opens, binds and sends in a thread that is not the process's first."""
    import threading
    result = []

    def work():
        fd = os.open(device, os.O_RDWR)
        bind(fd, b'$.Thread')
        send(fd, b'$.Thread', b'from a thread', pointy=True)
        result.append((fd, wait_for_next(fd)[5]))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert result[0][1] == b'from a thread'
    print(os.getpid(), flush=True)
    sys.stdin.readline()


globals()[sys.argv[1]](*sys.argv[2:])
