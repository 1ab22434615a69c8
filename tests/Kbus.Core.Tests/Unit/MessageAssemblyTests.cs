using System.Runtime.InteropServices;
using CsCheck;

namespace Kbus.Core.Tests;

/// <summary>Messages come together from pieces of any size, and what is wrong with them is found at the same byte.</summary>
public sealed class MessageAssemblyTests
{
    private readonly MessagePool _pool = new();

    [Fact]
    public void Any_chunking_gives_the_same_message()
    {
        Gen.Select(Gen.Byte.Array[0, 300], Gen.Int[1, 60], Gen.Int[1, 40].Array[1, 200]).Sample((data, nameLength, pieces) =>
        {
            byte[] entire = Entire("$." + new string('n', nameLength), data);
            var assembly = new MessageAssembly(_pool);
            int at = 0;
            foreach (int piece in pieces.Append(entire.Length))
            {
                int count = Math.Min(piece, entire.Length - at);
                Assert.Equal(Errno.None, assembly.Write(entire.AsSpan(at, count), uint.MaxValue));
                at += count;
                Assert.Equal(at, assembly.Written);
                Assert.Equal(at == entire.Length, assembly.IsComplete);
            }

            Assert.Equal(Errno.None, assembly.Finish(new Nowhere(), out StoredMessage? message));
            Assert.True(message!.StoredBytes.SequenceEqual(entire));
            message.Release();
            Assert.False(assembly.IsStarted);
        }, threads: 1);
        Assert.Equal(0, _pool.Lent);
    }

    [Fact]
    public void A_fault_is_found_at_the_same_byte_in_any_chunking()
    {
        foreach ((byte[] bytes, Errno error, int at) in Faulty())
        {
            for (int piece = 1; piece <= bytes.Length; piece++)
            {
                var assembly = new MessageAssembly(_pool);
                Errno got = Errno.None;
                int written = 0;
                while (got == Errno.None && written < bytes.Length)
                {
                    int count = Math.Min(piece, bytes.Length - written);
                    got = assembly.Write(bytes.AsSpan(written, count), 400);
                    written += count;
                }

                Assert.Equal(error, got);
                Assert.InRange(written, at, at + piece - 1);
                Assert.False(assembly.IsStarted);
                Assert.Equal(Errno.ENOMSG, assembly.Finish(new Nowhere(), out _));
            }
        }

        Assert.Equal(0, _pool.Lent);
    }

    [Fact]
    public void Nothing_written_incomplete_and_empty_are_told_apart()
    {
        var assembly = new MessageAssembly(_pool);
        Assert.Equal(Errno.ENOMSG, assembly.Finish(new Nowhere(), out _));
        Assert.Equal(Errno.None, assembly.Write(default, 400));
        Assert.True(assembly.IsStarted);
        Assert.Equal(Errno.EINVAL, assembly.Finish(new Nowhere(), out _));
        Assert.Equal(Errno.None, assembly.Write(Entire("$.A", []).AsSpan()[..^1], 400));
        Assert.Equal(Errno.EINVAL, assembly.Finish(new Nowhere(), out _));
        assembly.Write(Entire("$.A", []), 400);
        assembly.Discard();
        Assert.Equal(Errno.ENOMSG, assembly.Finish(new Nowhere(), out _));
        Assert.Equal(0, _pool.Lent);
    }

    [Fact]
    public void A_pointy_message_is_fetched_when_it_is_finished()
    {
        var memory = new Somewhere { [0x1000] = "$.Name\0"u8.ToArray(), [0x2000] = "data"u8.ToArray(), [0x3000] = "$.a*\0"u8.ToArray() };
        Assert.Equal(Errno.None, Finish(Pointy(0x1000, 6, 0x2000, 4), memory, out StoredMessage? message));
        Assert.True(message!.Name.SequenceEqual("$.Name"u8) && message.Data.SequenceEqual("data"u8));
        Assert.False(message.Header.IsPointy);
        message.Release();
        Assert.Equal(Errno.EFAULT, Finish(Pointy(0x9000, 6, 0x2000, 4), memory, out _));
        Assert.Equal(Errno.EFAULT, Finish(Pointy(0x1000, 6, 0x9000, 4), memory, out _));
        Assert.Equal(Errno.EBADMSG, Finish(Pointy(0x3000, 4, 0x9000, 4), memory, out _));
        Assert.Equal(Errno.None, Finish(Pointy(0x1000, 6, 0, 0), memory, out message));
        message!.Release();
        Assert.Equal(0, _pool.Lent);
    }

    private Errno Finish(byte[] header, CallerMemory memory, out StoredMessage? message)
    {
        var assembly = new MessageAssembly(_pool);
        Assert.Equal(Errno.None, assembly.Write(header, 400));
        return assembly.Finish(memory, out message);
    }

    /// <summary>Messages with one fault each, the error, and how many bytes it takes to see it.</summary>
    private IEnumerable<(byte[] Bytes, Errno Error, int At)> Faulty()
    {
        byte[] good = Entire("$.Fred", "abc1234"u8.ToArray());
        yield return (With(good, 0, 0), Errno.EINVAL, 88);
        yield return (With(good, 80, 0), Errno.EINVAL, 88);
        yield return (With(good, 52, 0), Errno.EINVAL, 88);
        yield return (With(good, 52, 1001), Errno.ENAMETOOLONG, 88);
        yield return (With(good, 72, 1), Errno.EINVAL, 88);
        yield return (With(With(good, 64, 1), 72, 0), Errno.EINVAL, 88);
        yield return (With(With(With(good, 64, 1), 72, 1), 56, 0), Errno.EINVAL, 88);
        yield return (With(good, 48, 0x300), Errno.EINVAL, 88);
        yield return (With(good, 56, 400), Errno.EMSGSIZE, 88);
        yield return (With(good, 56, 0xFFFFFFFF), Errno.EMSGSIZE, 88);
        yield return (Entire("$.Fr*d", []), Errno.EBADMSG, 94);
        yield return (Entire("$.Fred.*", []), Errno.EBADMSG, 96);
        yield return (With(good, good.Length - 4, 0), Errno.EINVAL, good.Length);
        yield return ([.. good, 0], Errno.EMSGSIZE, good.Length + 1);
        yield return ([.. Pointy(1, 5, 0, 0), 0], Errno.EMSGSIZE, 89);
    }

    private byte[] Entire(string name, byte[] data)
    {
        StoredMessage message = _pool.Compose(default, System.Text.Encoding.ASCII.GetBytes(name), data);
        byte[] bytes = message.StoredBytes.ToArray();
        message.Release();
        return bytes;
    }

    private static byte[] Pointy(ulong name, uint nameLength, ulong data, uint dataLength)
    {
        var header = new MessageHeader
        {
            StartGuard = MessageHeader.StartGuardValue,
            EndGuard = MessageHeader.EndGuardValue,
            NameLength = nameLength,
            DataLength = dataLength,
            NamePointer = name,
            DataPointer = data,
        };
        return MemoryMarshal.AsBytes(new ReadOnlySpan<MessageHeader>(in header)).ToArray();
    }

    private static byte[] With(byte[] bytes, int offset, uint value)
    {
        byte[] changed = [.. bytes];
        BitConverter.TryWriteBytes(changed.AsSpan(offset), value);
        return changed;
    }

    private sealed class Nowhere : CallerMemory
    {
        public override bool TryRead(ulong address, Span<byte> target) => false;
    }

    private sealed class Somewhere : CallerMemory
    {
        private readonly Dictionary<ulong, byte[]> _places = [];

        public byte[] this[ulong address]
        {
            set => _places[address] = value;
        }

        public override bool TryRead(ulong address, Span<byte> target) =>
            _places.TryGetValue(address, out byte[]? bytes) && bytes.Length >= target.Length && bytes.AsSpan(0, target.Length).TryCopyTo(target);
    }
}
