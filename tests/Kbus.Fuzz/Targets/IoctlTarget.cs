using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Kbus.Core;
using Kbus.Linux;

namespace Kbus.Fuzz;

/// <summary>Calls on device files: ioctls with any code, argument and bytes, writes, reads and polls, of up to four open files.</summary>
/// <remarks>The last 256 bytes of an input lie where arguments and messages can point to. Each call gets one answer, and nothing is left when all are closed.</remarks>
internal sealed class IoctlTarget : Target
{
    private const int PointedAt = 256;
    private const int Files = 4;
    private const int LargestErrno = 133;
    private const uint Open = 14, ReadCall = 15, WriteCall = 16, Release = 18, Ioctl = 39, Poll = 40, Lookup = 1, GetAttributes = 3;

    /// <summary>The codes of a Ksock's ioctls. Source: spec section 7.</summary>
    private static readonly uint[] Codes =
    [
        0x00006B01, 0x40086B02, 0x40086B03, 0x80086B04, 0xC0086B05, 0x80086B06, 0x80086B07, 0x80086B08, 0x00006B09, 0x80086B0A, 0xC0086B0B, 0x80086B0C,
        0x80086B0D, 0xC0086B0E, 0xC0086B0F, 0x80086B10, 0xC0086B11, 0xC0086B12,
    ];

    /// <inheritdoc/>
    public override string Name => "ioctls";

    /// <inheritdoc/>
    public override string About => "ioctls, writes, reads and polls of device files";

    /// <inheritdoc/>
    public override IEnumerable<byte[]> Seeds =>
    [
        // Both bind, one sends a message that it wrote, the other reads it.
        [.. Known(1, 1), .. Known(1, 0), .. Written(0, Composed.Entire(default, "$.A"u8, "data"u8)), .. Known(7, 0), Act(4, 1), .. Known(5, 1), Act(2, 1), 200, .. Argument(0, 3, 16)],

        // A pointy Request, whose replier closes.
        [.. Known(1, 1), .. Written(0, Pointy()), .. Known(7, 0), .. Known(9, 0), Act(3, 1), .. Known(5, 0), Act(2, 0), 90, .. Argument(1, 3, 16)],

        // Settings, and codes that are none.
        [.. Known(10, 0), .. Known(13, 1), .. Known(14, 1), .. Known(16, 1), .. Known(17, 0), .. Known(15, 2), .. Known(4, 0), Act(5, 0), 0x12, 0x6B, 8, 0xC0, 1, 2, 3, 4, 5, 6, 7, 8, .. Argument(2, 1, 16)],
        [.. Known(1, 0), .. Known(2, 0), .. Known(8, 0), .. Known(6, 0), .. Known(11, 0), .. Known(12, 0), .. Known(3, 3), Act(6, 0), 1, Act(7, 0), .. Argument(1, 1000, 300)],
    ];

    /// <inheritdoc/>
    public override void Play(ReadOnlySpan<byte> input)
    {
        int script = Math.Max(0, input.Length - PointedAt);
        KnownMemory.Fill(input[script..]);
        var reader = new InputReader(input[..script]);
        using var bus = new FuzzedBus(new BusOptions { HashSeed = 7, DefaultMaxMessages = 3 }, hasDevice: true);
        FuzzedDevice device = FuzzedDevice.Begin(bus);
        ulong?[] files = new ulong?[Files];
        while (!reader.IsAtEnd)
        {
            byte what = reader.Byte();
            int file = what & (Files - 1);
            files[file] ??= OpenFile(device);
            if (files[file] is { } handle && Step(device, what >> 2, handle, input[script..], ref reader))
            {
                files[file] = null;
            }

            Expect(device.Failure is null, $"a call came to {device.Failure}");
            bus.Rest();
        }

        foreach (ulong? handle in files)
        {
            if (handle is { } left)
            {
                CloseFile(device, left);
            }
        }

        bus.Rest();
        bus.CheckEmpty();
        FuzzedDaemon.Get().Shares.Read(FuzzedBus.CheckCharges);
    }

    /// <summary>One call; true if it closed the file.</summary>
    private static bool Step(FuzzedDevice device, int act, ulong handle, ReadOnlySpan<byte> pointedAt, ref InputReader reader)
    {
        switch (act)
        {
            case 0:
                Call(device, handle, Codes[reader.Byte() % Codes.Length], KnownMemory.Address, pointedAt);
                break;
            case 1:
                ReadOnlySpan<byte> bytes = reader.Bytes(reader.Byte());
                _ = Ask(device, WriteCall, [.. Words(handle, 0), .. BitConverter.GetBytes(bytes.Length), .. new byte[20], .. bytes]);
                break;
            case 2:
                byte[] read = Ask(device, ReadCall, [.. Words(handle, 0), .. BitConverter.GetBytes((int)reader.Byte()), .. new byte[20]]);
                Expect(read.Length <= byte.MaxValue, "a read gives more than was asked for");
                break;
            case 3:
                CloseFile(device, handle);
                return true;
            case 4:
                _ = Ask(device, Poll, [.. Words(handle, handle), .. BitConverter.GetBytes(reader.Byte() & 1), .. new byte[4]]);
                break;
            case 5:
                Call(device, handle, reader.DoubleWord(), reader.QuadWord(), reader.Rest);
                break;
            case 6:
                // The same with an argument that begins elsewhere in what can be read, or behind it.
                ulong offset = (ulong)reader.Byte() * 17;
                Call(device, handle, Codes[reader.Byte() % Codes.Length], KnownMemory.Address + offset, pointedAt[Math.Min((int)offset, pointedAt.Length)..]);
                break;
            case 7:
                _ = device.Ask(Lookup, 1, LibC.UserId(), [.. reader.Bytes(reader.Byte() & 31), 0], out _);
                _ = Ask(device, GetAttributes, new byte[16]);
                break;
        }

        return false;
    }

    /// <summary>An ioctl. As the kernel does it, so many bytes of the argument come with it as its code says.</summary>
    private static void Call(FuzzedDevice device, ulong handle, uint code, ulong argument, ReadOnlySpan<byte> bytes)
    {
        int size = (int)(code >> 16) & 0x3FFF;
        byte[] input = (code & 0x40000000) != 0 ? new byte[size] : [];
        bytes[..Math.Min(bytes.Length, input.Length)].CopyTo(input);
        int output = (code & 0x80000000) != 0 ? size : 0;
        byte[] answer = Ask(
            device, Ioctl, [.. BitConverter.GetBytes(handle), 0, 0, 0, 0, .. BitConverter.GetBytes(code), .. BitConverter.GetBytes(argument), .. BitConverter.GetBytes(input.Length), .. BitConverter.GetBytes(output), .. input]);
        Expect(answer.Length <= 16 + output, "an ioctl gives more bytes than its code says");
    }

    private static ulong? OpenFile(FuzzedDevice device)
    {
        byte[] answer = Ask(device, Open, [2, 0, 0, 0, 0, 0, 0, 0]);
        return answer.Length >= sizeof(ulong) ? BinaryPrimitives.ReadUInt64LittleEndian(answer) : null;
    }

    private static void CloseFile(FuzzedDevice device, ulong handle) => Ask(device, Release, [.. Words(handle, 0), .. new byte[8]]);

    private static byte[] Ask(FuzzedDevice device, uint code, byte[] body)
    {
        int result = device.Ask(code, LibC.UserId(), body, out byte[] answer);
        Expect(result is <= 0 and >= -LargestErrno && result != -(int)Errno.EIO, $"request {code} fails with {result}");
        return answer;
    }

    private static byte[] Words(ulong first, ulong second) => [.. BitConverter.GetBytes(first), .. BitConverter.GetBytes(second)];

    private static byte Act(int act, int file) => (byte)((act << 2) | file);

    private static byte[] Known(byte code, int file) => [Act(0, file), code];

    private static byte[] Written(int file, byte[] bytes) => [Act(1, file), (byte)bytes.Length, .. bytes];

    /// <summary>What is pointed at: first word, length of the name, where the name is; and the name, and data.</summary>
    private static byte[] Argument(uint first, uint nameLength, int nameAt)
    {
        byte[] bytes = new byte[PointedAt];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, first);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(4), nameLength);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(8), KnownMemory.Address + (ulong)nameAt);
        "$.A\0data"u8.CopyTo(bytes.AsSpan(16));
        return bytes;
    }

    private static byte[] Pointy()
    {
        var header = new MessageHeader();
        header.MakeEntire();
        header.Flags = MessageFlags.WantAReply;
        header.NamePointer = KnownMemory.Address + 16;
        header.DataPointer = KnownMemory.Address + 20;
        header.NameLength = 3;
        header.DataLength = 4;
        return MemoryMarshal.AsBytes(new ReadOnlySpan<MessageHeader>(in header)).ToArray();
    }
}
