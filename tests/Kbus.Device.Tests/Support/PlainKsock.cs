using System.Runtime.InteropServices;
using Kbus.Replay;

namespace Kbus.Device.Tests;

/// <summary>A device file that is open, and the calls that a program written for the original makes on it.</summary>
internal sealed unsafe class PlainKsock(int file) : IDisposable
{
    public const int ReadOnly = 0, WriteOnly = 1, ReadWrite = 2;
    public const short In = 1, Out = 4;
    public const uint Request = 1, Urgent = 8, AllOrWait = 0x100, AllOrFail = 0x200;

    private const uint OutCode = 0x80086B00, InCode = 0x40086B00, InOutCode = 0xC0086B00, PlainCode = 0x00006B00;
    private int _file = file;

    public int File => _file;

    public uint Id => Word(OutCode | 4);

    public uint Waiting => Word(OutCode | 12);

    public static PlainKsock Open(DaemonProcess daemon, uint bus = 0, int flags = ReadWrite) => Open(Path.Join(daemon.Directory, "dev", $"kbus{bus}"), flags);

    public static PlainKsock Open(string path, int flags = ReadWrite)
    {
        int file = PlainCalls.Open(path, flags);
        Assert.True(file >= 0, $"{path} cannot be opened: {(Errno)(-file)}");
        return new PlainKsock(file);
    }

    public uint Word(uint code, uint value = 0)
    {
        Span<uint> words = [value, 0];
        int result = PlainCalls.Ioctl(_file, code, words);
        Assert.True(result >= 0, $"ioctl {code:x}: {(Errno)(-result)}");
        return words[0];
    }

    public uint SetMaxMessages(uint value) => Word(InOutCode | 11, value);

    public uint SetMaxMessageSize(uint value) => Word(InOutCode | 18, value);

    public uint NewDevice() => Word(OutCode | 16);

    public Errno Bind(string name, bool replier = false) => OfName(InCode | 2, name, replier ? 1u : 0u, out _);

    public Errno Unbind(string name, bool replier = false) => OfName(InCode | 3, name, replier ? 1u : 0u, out _);

    public uint FindReplier(string name)
    {
        Assert.Equal(Errno.None, OfName(InOutCode | 5, name, 0, out uint id));
        return id;
    }

    public int Write(ReadOnlySpan<byte> bytes) => PlainCalls.Write(_file, bytes);

    public Errno Send(out MessageId id)
    {
        Span<uint> words = [0, 0];
        int result = PlainCalls.Ioctl(_file, OutCode | 8, words);
        id = new MessageId(words[0], words[1]);
        return result < 0 ? (Errno)(-result) : Errno.None;
    }

    public Errno Discard() => (Errno)(-PlainCalls.Ioctl(_file, PlainCode | 9, 0));

    /// <summary>Writes an entire message and sends it.</summary>
    public Errno Send(string name, ReadOnlySpan<byte> data = default, uint flags = 0, MessageId inReplyTo = default, uint to = 0)
    {
        byte[] bytes = WireForm.Entire(Message(name, data, flags, inReplyTo, to));
        Assert.Equal(bytes.Length, Write(bytes));
        return Send(out _);
    }

    /// <summary>Answers a Request.</summary>
    public Errno Reply(TraceMessage request, string data = "") =>
        Send(System.Text.Encoding.ASCII.GetString(request.Name), System.Text.Encoding.ASCII.GetBytes(data), 0, request.Id, request.From);

    /// <summary>Takes the next message and reads it to its end; null if there is none.</summary>
    public TraceMessage? Next(int atOnce = int.MaxValue)
    {
        Span<uint> length = [0, 0];
        int found = PlainCalls.Ioctl(_file, OutCode | 6, length);
        Assert.True(found >= 0, $"NEXTMSG: {(Errno)(-found)}");
        if (found == 0)
        {
            return null;
        }

        byte[] bytes = new byte[length[0]];
        for (int read = 0; read < bytes.Length;)
        {
            int more = PlainCalls.Read(_file, bytes.AsSpan(read, Math.Min(atOnce, bytes.Length - read)));
            Assert.True(more > 0, $"read: {(Errno)(-more)}");
            read += more;
        }

        Assert.True(WireForm.TryDecode(bytes, out TraceMessage? message), "the message is well formed to its last byte");
        return message;
    }

    /// <summary>Waits until a message can be taken, and takes it.</summary>
    public TraceMessage WaitForNext()
    {
        Assert.Equal(In, PlainCalls.Poll(_file, In, 60_000) & In);
        return Next()!;
    }

    public static TraceMessage Message(string name, ReadOnlySpan<byte> data = default, uint flags = 0, MessageId inReplyTo = default, uint to = 0) =>
        new(default, inReplyTo, to, 0, default, default, 0, flags, System.Text.Encoding.ASCII.GetBytes(name), data.ToArray());

    /// <summary>Writes the header of a message that points at memory, good or bad.</summary>
    public int WritePointy(TraceMessage message, nint name, nint data) => Write(WireForm.Header(message, (ulong)name, (ulong)data));

    public void Dispose()
    {
        if (_file >= 0)
        {
            // Of a dead daemon's file even the closing says so; it is closed all the same.
            Assert.Contains((Errno)(-PlainCalls.Close(_file)), (Errno[])[Errno.None, Errno.ENOTCONN]);
            _file = -1;
        }
    }

    private Errno OfName(uint code, string name, uint first, out uint id)
    {
        nint text = Marshal.StringToCoTaskMemUTF8(name);
        Span<uint> words = [first, (uint)name.Length, (uint)text, (uint)(text >> 32)];
        int result = PlainCalls.Ioctl(_file, code, words);
        Marshal.FreeCoTaskMem(text);
        id = words[0];
        return result < 0 ? (Errno)(-result) : Errno.None;
    }
}
