using System.Runtime.InteropServices;

namespace Kbus.Core;

/// <summary>One operation on a bus as bytes, so that every replica can carry it out.</summary>
/// <remarks>An operation that only asks is one, too: its answer depends on where it stands among the others.</remarks>
internal readonly ref struct BusOperation
{
    /// <summary>Open: the Ksock can send.</summary>
    public const byte CanWrite = 1;

    /// <summary>Bind, Unbind, Revoke: as replier.</summary>
    public const byte AsReplier = 1;

    /// <summary>FindReplier: the one who would get a Request of this name.</summary>
    public const byte Matching = 1;

    /// <summary>Send, JudgeWaiting: a Reply that reaches no listener.</summary>
    public const byte ForRequesterAlone = 2;

    /// <summary>JudgeWaiting: the message may not be sent.</summary>
    public const byte Forbidden = 4;

    /// <summary>What is to be done.</summary>
    public OperationKind Kind { get; init; }

    /// <summary>How; for Ask which setting.</summary>
    public byte Flags { get; init; }

    /// <summary>Whose operation it is; 0 for Open.</summary>
    public uint Ksock { get; init; }

    /// <summary>Ask: the argument. Released, Reserve: bytes. Send, Withdraw: the tag under which the answer is awaited, or 0.</summary>
    public uint Value { get; init; }

    /// <summary>A name, an entire message, what was taken, or an owner.</summary>
    public ReadOnlySpan<byte> Bytes { get; init; }

    /// <summary>Bytes of the takes of a Taken operation: each number, whether it is held, and whether it was an answer on its
    /// lane.</summary>
    public static byte[] BytesOf(ReadOnlySpan<Take> takes)
    {
        var writer = new BooksWriter();
        foreach (Take take in takes)
        {
            writer.Write(take.Number);
            writer.Write(take.IsHeld);
            writer.Write(take.IsAnswer);
        }

        return writer.Written.ToArray();
    }

    /// <summary>Bytes of the owner of an Open operation.</summary>
    public static byte[] BytesOf(in KsockOwner owner)
    {
        var writer = new BooksWriter();
        writer.Write(owner.ProcessId);
        writer.Write(owner.UserId);
        writer.Write((byte)owner.Mode);
        writer.Write(owner.Process);
        return writer.Written.ToArray();
    }

    /// <summary>Reads an operation.</summary>
    /// <exception cref="BooksException">It is cut off, or no operation.</exception>
    public static BusOperation Read(ref BooksReader reader)
    {
        var kind = (OperationKind)reader.ReadByte();
        if (kind is < OperationKind.Open or > OperationKind.Withdraw)
        {
            throw new BooksException($"Operation {(byte)kind} is not known here.");
        }

        byte flags = reader.ReadByte();
        uint ksock = reader.ReadUInt32();
        uint value = reader.ReadUInt32();
        return new BusOperation { Kind = kind, Flags = flags, Ksock = ksock, Value = value, Bytes = reader.ReadBytes() };
    }

    /// <summary>Writes it.</summary>
    public void Write(BooksWriter writer)
    {
        writer.Write((byte)Kind);
        writer.Write(Flags);
        writer.Write(Ksock);
        writer.Write(Value);
        writer.Write(Bytes);
    }

    /// <summary>The owner of an Open operation.</summary>
    /// <param name="node">The node that opens it.</param>
    /// <exception cref="BooksException">There is none.</exception>
    public KsockOwner ReadOwner(uint node)
    {
        var reader = new BooksReader(Bytes);
        int processId = (int)reader.ReadUInt32();
        uint userId = reader.ReadUInt32();
        var mode = (KsockMode)reader.ReadByte();
        return new KsockOwner(processId, userId, mode, reader.ReadUInt64(), node);
    }

    /// <summary>The takes of a Taken operation.</summary>
    /// <exception cref="BooksException">They are cut off.</exception>
    public Take[] ReadTakes()
    {
        List<Take> takes = [];
        var reader = new BooksReader(Bytes);
        while (!reader.IsAtEnd)
        {
            uint number = reader.ReadUInt32();
            bool isHeld = reader.ReadBool();
            takes.Add(new Take(number, isHeld, reader.ReadBool()));
        }

        return [.. takes];
    }

    /// <summary>The message of a Send operation, ready to be sent.</summary>
    /// <param name="pool">Lends it.</param>
    /// <param name="largest">Bytes of the largest message there may be.</param>
    /// <returns>The message; null if the bytes are none.</returns>
    public StoredMessage? ReadMessage(MessagePool pool, uint largest)
    {
        MessageHeader header = Bytes.Length < MessageHeader.Size ? default : MemoryMarshal.Read<MessageHeader>(Bytes);
        if (MessageCheck.Header(header, largest) != Errno.None || header.IsPointy || header.EntireLength != Bytes.Length)
        {
            return null;
        }

        StoredMessage message = pool.Rent(Bytes.Length, Bytes.Length);
        Bytes.CopyTo(message.Buffer);
        message.Seal();
        message.Tag = Value;
        message.IsForRequesterAlone = (Flags & ForRequesterAlone) != 0;
        return message;
    }
}
