"""A second Limpet, as small as can be, written from the description of the wire alone.

It shares no code with the Limpets that it talks to: sockets and struct, nothing else. It takes one command a line, as JSON, and answers each
with one line of JSON; "error" in an answer says what is not as the description has it.
"""

import json
import os
import socket
import struct
import sys

START_GUARD = bytes.fromhex("7375624b")
END_GUARD = bytes.fromhex("4b627573")
BIND_EVENT = b"$.KBUS.ReplierBindEvent"
WANT_A_REPLY, WANT_YOU_TO_REPLY, SYNTHETIC = 1, 2, 4


def padded_name(name):
    return name + bytes(4 * ((len(name) + 4) // 4) - len(name))


def padded_data(data):
    return data + bytes(4 * ((len(data) + 3) // 4) - len(data))


def bind_event_data(is_bind, binder, name):
    return struct.pack(">III", is_bind, binder, len(name)) + padded_name(name)


def encode(m):
    """The bytes of a message; what is not given is 0 or empty. "data" stands as on the wire."""
    name = m["name"].encode("latin-1")
    data = bytes.fromhex(m.get("data", ""))
    if "fill" in m:
        data = bytes((i * 7 + 1) & 255 for i in range(256)) * (m["fill"] // 256 + 1)
        data = data[: m["fill"]]
    if "bind" in m:
        is_bind, binder, bound = m["bind"]
        data = bind_event_data(is_bind, binder, bound.encode("latin-1"))
    words = (
        m.get("id", [0, 0]) + m.get("in_reply_to", [0, 0]) + [m.get("to", 0), m.get("from", 0)]
        + m.get("orig_from", [0, 0]) + m.get("final_to", [0, 0]) + [m.get("extra", 0), m.get("flags", 0)]
    )
    return (START_GUARD + struct.pack(">12I", *words) + struct.pack(">II", len(name), len(data)) + END_GUARD
            + padded_name(name) + padded_data(data) + END_GUARD)


class Peer:
    def __init__(self):
        self.socket = None
        self.listener = None
        self.toy = None

    def exactly(self, count):
        parts = []
        while count:
            part = self.socket.recv(min(count, 1 << 20))
            if not part:
                raise EOFError("the connection ended")
            parts.append(part)
            count -= len(part)
        return b"".join(parts)

    def open(self, address):
        if ":" in address:
            host, port = address.rsplit(":", 1)
            return socket.AF_INET, (host, int(port))
        return socket.AF_UNIX, address

    def do_listen(self, c):
        family, place = self.open(c["address"])
        self.listener = socket.socket(family)
        self.listener.bind(place)
        self.listener.listen()
        if family == socket.AF_INET:
            return {"address": "%s:%d" % self.listener.getsockname()}
        return {"address": c["address"]}

    def do_accept(self, c):
        self.socket, _ = self.listener.accept()
        self.socket.settimeout(30)
        self.listener.close()
        if self.listener.family == socket.AF_UNIX:
            os.unlink(c["address"])
        return {}

    def do_connect(self, c):
        family, place = self.open(c["address"])
        self.socket = socket.socket(family)
        self.socket.connect(place)
        self.socket.settimeout(30)
        return {}

    def do_greet(self, c):
        self.socket.sendall(b"HELO" + struct.pack(">I", c["id"]))
        greeting = self.exactly(8)
        if greeting[:4] != b"HELO":
            return {"error": "greeted with %r" % greeting}
        return {"id": struct.unpack(">I", greeting[4:])[0]}

    def do_send(self, c):
        """Sends messages: all in one go, or split into pieces of so many bytes."""
        all_bytes = b"".join(encode(m) for m in c["messages"])
        piece = c.get("piece", len(all_bytes))
        for i in range(0, len(all_bytes), piece):
            self.socket.sendall(all_bytes[i:i + piece])
        return {"bytes": len(all_bytes)}

    def do_expect(self, c):
        """The next messages must be these, byte for byte."""
        for number, m in enumerate(c["messages"]):
            wanted = encode(m)
            got = self.exactly(len(wanted))
            if got != wanted:
                at = next(i for i in range(len(wanted)) if got[i] != wanted[i])
                return {"error": "message %d differs at byte %d: %s and not %s" % (
                    number, at, got[at - at % 4:at - at % 4 + 32].hex(), wanted[at - at % 4:at - at % 4 + 32].hex())}
        return {}

    def do_read(self, c):
        """Reads one message, which must be made as the description has it."""
        header = self.exactly(64)
        if header[:4] != START_GUARD or header[60:] != END_GUARD:
            return {"error": "wrong guards: %s" % header.hex()}
        words = struct.unpack(">16I", header)
        name_length, data_length = words[13], words[14]
        name = self.exactly(4 * ((name_length + 4) // 4))
        data = self.exactly(4 * ((data_length + 3) // 4))
        if self.exactly(4) != END_GUARD:
            return {"error": "wrong last guard"}
        if any(name[name_length:]) or any(data[data_length:]):
            return {"error": "padding that is not 0"}
        m = {"id": list(words[1:3]), "in_reply_to": list(words[3:5]), "to": words[5], "from": words[6], "orig_from": list(words[7:9]),
             "final_to": list(words[9:11]), "extra": words[11], "flags": words[12],
             "name": name[:name_length].decode("latin-1"), "data": data[:data_length].hex()}
        if name[:name_length] == BIND_EVENT:
            is_bind, binder, bound_length = struct.unpack(">III", data[:12])
            m["bind"] = [is_bind, binder, data[12:12 + bound_length].decode("latin-1")]
            if data != bind_event_data(is_bind, binder, m["bind"][2].encode("latin-1")):
                return {"error": "a bind event made otherwise: %s" % data.hex()}
        return m

    def do_toy(self, c):
        """Becomes a Limpet with a toy bus behind it."""
        self.toy = ToyBus(self, c["id"], c["peer"])
        return {}

    def do_bus(self, c):
        return getattr(self.toy, c["what"])(*c.get("with", []))

    def do_end(self, c):
        try:
            rest = self.socket.recv(64)
        except ConnectionResetError:
            rest = b""
        return {"error": "more came: %s" % rest.hex()} if rest else {}

    def do_close(self, c):
        self.socket.close()
        return {}


class ToyBus:
    """The rules of the description, sections 12.4 and 12.5, over a bus that is a few dictionaries. The Limpet's own Ksock is 1."""

    KSOCK = 1

    def __init__(self, peer, own, other):
        self.peer, self.own, self.other = peer, own, other
        self.serial = 0
        self.repliers = {}
        self.far_repliers = {}
        self.asked = {}
        self.heard = []
        self.answers = {}

    def next_serial(self):
        self.serial += 1
        return self.serial

    def emit(self, sender, **m):
        """A message that the toy bus carries, as its Limpet sends it on."""
        m.setdefault("id", [self.own, self.next_serial()])
        m.setdefault("orig_from", [self.own, sender])
        m["from"] = sender
        self.peer.socket.sendall(encode(m))
        return {"id": m["id"]}

    def bind(self, name, ksock):
        self.repliers[name] = ksock
        return self.emit(0, name=BIND_EVENT.decode(), bind=[1, ksock, name], flags=0x204)

    def unbind(self, name):
        ksock = self.repliers.pop(name)
        return self.emit(0, name=BIND_EVENT.decode(), bind=[0, ksock, name], flags=0x204)

    def announce(self, sender, name, data):
        return self.emit(sender, name=name, data=data)

    def ask(self, sender, name, data, earlier=None):
        """A Request of this bus; stateful if it follows an earlier answer."""
        m = {"name": name, "data": data, "to": self.KSOCK if earlier else 0, "flags": WANT_A_REPLY | WANT_YOU_TO_REPLY}
        if earlier:
            m["final_to"] = self.answers[earlier]["orig_from"]
        sent = self.emit(sender, **m)
        self.asked[tuple(sent["id"])] = sender
        return sent

    def pump(self, count):
        """Reads so many messages and does with each what a Limpet does."""
        for _ in range(count):
            m = self.peer.do_read({})
            if "error" in m:
                return m
            problem = self.take(m)
            if problem:
                return {"error": problem}
        return {}

    def take(self, m):
        if "bind" in m:
            is_bind, _, name = m["bind"]
            if is_bind:
                self.far_repliers[name] = True
            elif self.far_repliers.pop(name, None) is None:
                return "unbound without being bound: %s" % name
            return None
        if m["in_reply_to"] != [0, 0]:
            if tuple(m["in_reply_to"]) in self.asked:
                del self.asked[tuple(m["in_reply_to"])]
                self.answers[m["in_reply_to"][1]] = m
            return None
        if m["flags"] & (WANT_A_REPLY | WANT_YOU_TO_REPLY) == WANT_A_REPLY | WANT_YOU_TO_REPLY:
            return self.request(m)
        self.heard.append(m)
        return None

    def request(self, m):
        replier = self.repliers.get(m["name"])
        status = None
        if m["to"] and m["final_to"][0] != self.own:
            return "a stateful Request for elsewhere: %r" % m
        if replier is None:
            status = "$.KBUS.Replier.GoneAway" if m["to"] else "$.KBUS.RemoteError.EADDRNOTAVAIL"
        elif m["to"] and m["final_to"][1] != replier:
            status = "$.KBUS.Replier.NotSameKsock"
        if status:
            self.peer.socket.sendall(encode({"name": status, "to": m["from"], "in_reply_to": m["id"]}))
            return None
        # On this bus the Limpet itself was the sender, so the Reply is addressed to its Ksock.
        data = bytes.fromhex(m["data"])[::-1].hex()
        self.emit(replier, name=m["name"], in_reply_to=m["id"], to=self.KSOCK, data=data)
        return None

    def answer(self, serial):
        return self.answers.get(serial, {"error": "no answer to %d" % serial})

    def state(self):
        return {"heard": self.heard, "far": sorted(self.far_repliers), "asked": len(self.asked)}


def main():
    peer = Peer()
    for line in sys.stdin:
        command = json.loads(line)
        try:
            answer = getattr(peer, "do_" + command["do"])(command)
        except (OSError, EOFError, KeyError, struct.error) as e:
            answer = {"error": "%s: %s" % (type(e).__name__, e)}
        print(json.dumps(answer), flush=True)


main()
