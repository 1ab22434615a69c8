using Kbus.Linux;

namespace Kbus.Link;

/// <summary>Sends and receives the records of the handshake, each within a time limit.</summary>
/// <remarks>
/// A peer that stays silent, sends half a record or does not read cannot hold its caller longer than that. Exactly the record is read:
/// the bytes after it are rings.
/// </remarks>
internal static class HandshakeExchange
{
    /// <summary>The client's: says hello.</summary>
    public static HandshakeFault SendHello(Descriptor socket, in ClientHello hello, Deadline deadline)
    {
        Span<byte> record = stackalloc byte[ClientHello.Size];
        hello.Encode(record);
        return Send(socket, record, [], deadline);
    }

    /// <summary>The bus's: waits for a hello.</summary>
    public static HandshakeFault ReceiveHello(Descriptor socket, Deadline deadline, out ClientHello hello)
    {
        var receiver = new HelloReceiver();
        HandshakeFault fault;
        while (!receiver.TryReceive(socket, out hello, out fault))
        {
            HandshakeFault waited = Wait(socket, LibC.PollIn, new HandshakeLimit(deadline, Deadline.Never));
            if (waited != HandshakeFault.None)
            {
                return waited;
            }
        }

        return fault;
    }

    /// <summary>The bus's: answers, and passes the descriptors of a link, which the caller still owns.</summary>
    public static HandshakeFault SendWelcome(
        Descriptor socket, BusWelcome welcome, Descriptor? memory, Descriptor? bell, Deadline deadline)
    {
        byte[] record = welcome.Encode();
        return memory is null || bell is null
            ? Send(socket, record, [], deadline)
            : Send(socket, record, [memory.Number, bell.Number], deadline);
    }

    /// <summary>The client's: waits for the answer. The caller owns what came with it, which is nothing unless it is a link.</summary>
    public static HandshakeFault ReceiveWelcome(
        Descriptor socket, Deadline deadline, out BusWelcome? welcome, out Descriptor? memory, out Descriptor? bell) =>
        ReceiveWelcome(socket, new HandshakeLimit(deadline, Deadline.Never), out welcome, out memory, out bell);

    /// <summary>The client's: waits for the answer. The caller owns what came with it, which is nothing unless it is a link.</summary>
    public static HandshakeFault ReceiveWelcome(
        Descriptor socket, in HandshakeLimit limit, out BusWelcome? welcome, out Descriptor? memory, out Descriptor? bell)
    {
        welcome = null;
        (memory, bell) = (null, null);
        Span<byte> record = stackalloc byte[BusWelcome.FixedSize + BusWelcome.LongestReason];
        Span<int> passed = stackalloc int[BusWelcome.DescriptorCount];
        int passedCount = 0;
        HandshakeFault fault = Receive(socket, record[..BusWelcome.FixedSize], passed, ref passedCount, limit);
        int length = 0;
        if (fault == HandshakeFault.None)
        {
            fault = BusWelcome.DecodeReasonLength(record[..BusWelcome.FixedSize], out length);
        }

        if (fault == HandshakeFault.None)
        {
            fault = Receive(socket, record.Slice(BusWelcome.FixedSize, length), passed, ref passedCount, limit);
        }

        if (fault == HandshakeFault.None)
        {
            fault = BusWelcome.Decode(record[..(BusWelcome.FixedSize + length)], out welcome);
        }

        int expected = welcome?.Layout is null ? 0 : BusWelcome.DescriptorCount;
        if (fault == HandshakeFault.None && passedCount != expected)
        {
            fault = HandshakeFault.Malformed;
        }

        if (fault != HandshakeFault.None || expected == 0)
        {
            foreach (int number in passed[..passedCount])
            {
                _ = LibC.Close(number);
            }

            welcome = fault == HandshakeFault.None ? welcome : null;
            return fault;
        }

        memory = new Descriptor(passed[0]);
        bell = new Descriptor(passed[1]);
        return HandshakeFault.None;
    }

    private static HandshakeFault Send(Descriptor socket, ReadOnlySpan<byte> record, ReadOnlySpan<int> descriptors, Deadline deadline)
    {
        while (record.Length > 0)
        {
            int sent = LibC.SendMessage(socket.Number, record, descriptors, LibC.MessageDontWait);
            if (sent > 0)
            {
                // The descriptors went with the first byte.
                record = record[sent..];
                descriptors = [];
                continue;
            }

            HandshakeFault fault = sent == LibC.Again ? Wait(socket, LibC.PollOut, new HandshakeLimit(deadline, Deadline.Never)) : Failed(sent);
            if (fault != HandshakeFault.None)
            {
                return fault;
            }
        }

        return HandshakeFault.None;
    }

    private static HandshakeFault Receive(
        Descriptor socket, Span<byte> record, Span<int> passed, ref int passedCount, in HandshakeLimit limit)
    {
        while (record.Length > 0)
        {
            int received = LibC.ReceiveMessage(
                socket.Number, record, passed[passedCount..], LibC.MessageDontWait, out int came);
            passedCount += came;
            if (received > 0)
            {
                record = record[received..];
                continue;
            }

            HandshakeFault fault = received switch
            {
                LibC.Again => Wait(socket, LibC.PollIn, limit),
                -(int)Errno.EMSGSIZE => HandshakeFault.Malformed,
                -(int)Errno.EMFILE => HandshakeFault.NoDescriptors,
                _ => Failed(received),
            };
            if (fault != HandshakeFault.None)
            {
                return fault;
            }
        }

        return HandshakeFault.None;
    }

    private static HandshakeFault Wait(Descriptor socket, short events, in HandshakeLimit limit)
    {
        bool isInterrupted = false;
        while (true)
        {
            // Once a signal has come, it ends the wait as soon as signals count.
            Deadline end = isInterrupted && limit.SignalsFrom.IsBefore(limit.Deadline) ? limit.SignalsFrom : limit.Deadline;

            // Whatever else is reported, the next call on the socket says what it means.
            int reported = LibC.Poll(socket.Number, events, end.Nanoseconds);
            isInterrupted |= reported == LibC.Interrupted;
            if (reported > 0)
            {
                return HandshakeFault.None;
            }

            if (isInterrupted && limit.SignalsFrom.HasPassed)
            {
                return HandshakeFault.Interrupted;
            }

            if (reported is not (0 or LibC.Interrupted))
            {
                return Failed(reported);
            }

            if (reported == 0 && limit.Deadline.HasPassed)
            {
                return HandshakeFault.TimedOut;
            }
        }
    }

    /// <summary>What it means that a call on a socket of ours failed.</summary>
    private static HandshakeFault Failed(int result) =>
        result is LibC.NotPermitted or LibC.NoSuchCall ? HandshakeFault.CallRefused : HandshakeFault.HungUp;
}
