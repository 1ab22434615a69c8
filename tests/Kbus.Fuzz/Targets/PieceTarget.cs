using System.Runtime.InteropServices;
using Kbus.Core;
using Kbus.Hosts;

namespace Kbus.Fuzz;

/// <summary>Messages that are written and read in pieces, entire and pointy. Two Ksocks do it as device files and, side by side, at the bare level of the library.</summary>
/// <remarks>Both must come to the same results, call by call. The last 64 bytes of an input lie where pointers can point to.</remarks>
internal sealed class PieceTarget : Target
{
    private const int PointedAt = 64;

    /// <inheritdoc/>
    public override string Name => "pieces";

    /// <inheritdoc/>
    public override string About => "messages written and read in pieces, entire and pointy";

    /// <inheritdoc/>
    public override IEnumerable<byte[]> Seeds =>
    [
        [.. Call(6, 1), 0, .. Written(0, Composed.Entire(default, "$.A"u8, "data"u8)), .. Call(2, 0), .. Call(4, 1), .. Call(5, 1), 200, .. new byte[PointedAt]],
        [.. Call(6, 1), 0x80, .. Pointy(), .. Call(2, 0), .. Call(4, 1), .. Call(5, 1), 90, .. Call(5, 1), 200, .. "$.A\0data"u8, .. new byte[PointedAt - 8]],
        [.. Call(6, 0), 1, .. Call(9, 1), 1, 1, 0, 4, 1, 2, .. Call(2, 1), .. Call(8, 0), .. Call(4, 0), .. Call(10, 0), 1, .. Call(3, 1), .. new byte[PointedAt]],
        [.. Call(11, 1), 0xE5, 3, .. Call(7, 0), 0xE5, 3, 4, .. "data"u8, 0, 0, 100, 0, .. Call(2, 0), .. Call(4, 1), .. Call(5, 1), 255, .. new byte[PointedAt]],
        [.. Call(11, 1), 0xE5, 3, .. Call(7, 0), 0xE5, 3, 4, .. "data"u8, 4, .. "more"u8, 0, 255, 255, .. Call(2, 0), .. Call(3, 0), .. Call(7, 0), 0xE6, 3, 0, 0, 0, 0, .. Call(2, 0), .. new byte[PointedAt]],
        [.. Call(11, 1), 0xE4, 3, .. Call(7, 0), 0xE4, 3, 0, 0, 1, 255, 255, .. Call(2, 0), .. Call(3, 0), .. Call(7, 0), 0xE4, 3, 0, 0, 255, 0, .. Call(2, 0), .. new byte[PointedAt]],
        [.. Call(10, 1), 1, .. Call(6, 1), 0, .. Call(9, 0), 0, 0, 1, 0, .. Call(2, 0), .. Call(9, 0), 0, 0, 1, 0, .. Call(2, 0), .. Call(8, 0), .. Call(0, 0), 1, 75, .. Call(4, 1), .. Call(2, 0), .. new byte[PointedAt]],
    ];

    /// <inheritdoc/>
    public override void Play(ReadOnlySpan<byte> input)
    {
        int script = Math.Max(0, input.Length - PointedAt);
        KnownMemory.Fill(input[script..]);
        var reader = new InputReader(input[..script]);
        var bus = new Bus(new BusOptions());
        KsockFile[] files = [new(bus, KsockMode.ReadWrite, new Silent(), new OwnMemory()), new(bus, KsockMode.ReadWrite, new Silent(), new OwnMemory())];
        using var embedded = new EmbeddedKbus();
        Ksock[] ksocks = [embedded.Open(), embedded.Open()];
        try
        {
            while (!reader.IsAtEnd)
            {
                byte what = reader.Byte();
                Step(what >> 1, bus, files[what & 1], ksocks[what & 1].Bare, ref reader);
            }
        }
        finally
        {
            Array.ForEach(ksocks, k => k.Dispose());
        }

        Array.ForEach(files, f => f.Close());
        Expect(bus.Pool.Lent == 0, $"{bus.Pool.Lent} messages are lent to nobody");
        Expect(bus.Ksocks.Count == 0 && bus.AnswersOwed == 0 && bus.BindingCount == 0 && !bus.HasMore, "something is left on the bus");
        FuzzedBus.CheckCharges(bus.Charges);
    }

    private static void Step(int call, Bus bus, KsockFile file, BareKsock bare, ref InputReader reader)
    {
        switch (call)
        {
            case 0:
                Write(file, bare, reader.Bytes(reader.Byte()));
                break;
            case 1:
                Write(file, bare, new byte[reader.Word()]);
                break;
            case 2:
                Same(file.Send(out MessageId id), bare.Send(out MessageId bareId), "SEND");
                Same(id, bareId, "the id of SEND");
                break;
            case 3:
                file.Discard();
                Same(Errno.None, bare.Discard(), "DISCARD");
                break;
            case 4:
                uint length = file.NextMessage();
                Same(Errno.None, bare.NextMessage(out int bareLength), "NEXTMSG");
                Same(length, (uint)bareLength, "the length of NEXTMSG");
                break;
            case 5:
                Read(file, bare, reader.Byte());
                break;
            case 6:
                byte how = reader.Byte();
                Same(bus.Bind(file.State, Composed.Name(how), (how & 0x80) != 0), bare.Bind(Composed.Name(how), (how & 0x80) != 0), "BIND");
                break;
            case 7:
                WriteLong(file, bare, ref reader);
                break;
            case 8:
                (bool readable, bool writable) = bus.Poll(file.State);
                Same(Errno.None, bare.Poll(out bool bareReadable, out bool bareWritable), "poll");
                Same((readable, writable), (bareReadable, bareWritable), "what poll gives");
                break;
            case 9:
                byte name = reader.Byte();
                var header = new MessageHeader { Flags = (MessageFlags)reader.Word() };
                Write(file, bare, Composed.Entire(header, Composed.Name(name), reader.Bytes(reader.Byte())));
                break;
            case 11:
                byte[] longName = LongName(reader.Word());
                Same(bus.Bind(file.State, longName, isReplier: false), bare.Bind(longName, false), "BIND to a long name");
                break;
            case 10:
                uint most = reader.Byte();
                Same(bus.Ask(file.State, Setting.MaxMessages, most, out uint value), bare.MaxMessages(most, out uint bareValue), "MAXMSGS");
                Same(value, bareValue, "what MAXMSGS gives");
                break;
        }

        Same(file.LengthLeft, (uint)bare.LengthLeft, "LENLEFT");
    }

    /// <summary>A message with a name that is as long as may be, or longer; its length may say otherwise, and bytes may follow it.</summary>
    private static void WriteLong(KsockFile file, BareKsock bare, ref InputReader reader)
    {
        byte[] name = LongName(reader.Word());
        byte[] data = reader.Bytes(reader.Byte()).ToArray();
        byte[] behind = reader.Bytes(reader.Byte()).ToArray();
        byte[] message = Composed.Entire(default, name, data);
        uint claimed = (uint)(name.Length + (sbyte)reader.Byte());
        MemoryMarshal.AsRef<MessageHeader>(message.AsSpan()).NameLength = claimed;
        byte[] all = [.. message, .. behind];
        int first = Math.Min(all.Length, (int)reader.Word());
        Write(file, bare, all.AsSpan(0, first));
        Write(file, bare, all.AsSpan(first));
    }

    /// <summary>A name of so many bytes, at most some more than a name may have.</summary>
    private static byte[] LongName(int length)
    {
        byte[] name = new byte[3 + (length % (MessageName.MaxLength + 16))];
        name.AsSpan().Fill((byte)'n');
        "$."u8.CopyTo(name);
        return name;
    }

    private static void Write(KsockFile file, BareKsock bare, ReadOnlySpan<byte> bytes) => Same(file.Write(bytes), bare.Write(bytes), "write");

    private static void Read(KsockFile file, BareKsock bare, int length)
    {
        byte[] bytes = new byte[length];
        byte[] bareBytes = new byte[length];
        Same(file.Read(bytes, out int count), bare.Read(bareBytes, out int bareCount), "read");
        Same(count, bareCount, "what read gives");
        Expect(bytes.AsSpan().SequenceEqual(bareBytes), "the same message is read as other bytes");
    }

    private static void Same<T>(T file, T bare, string what)
        where T : IEquatable<T> => Expect(file.Equals(bare), $"{what}: {file} as a device file, {bare} at the bare level");

    private static void Same(Errno file, Errno bare, string what) => Same((int)file, (int)bare, what);

    private static byte[] Call(int call, int ksock) => [(byte)((call << 1) | ksock)];

    private static byte[] Written(int ksock, byte[] bytes) => [.. Call(0, ksock), (byte)bytes.Length, .. bytes];

    private static byte[] Pointy()
    {
        var header = new MessageHeader();
        header.MakeEntire();
        header.NamePointer = KnownMemory.Address;
        header.DataPointer = KnownMemory.Address + 4;
        header.NameLength = 3;
        header.DataLength = 4;
        return Written(0, MemoryMarshal.AsBytes(new ReadOnlySpan<MessageHeader>(in header)).ToArray());
    }
}
