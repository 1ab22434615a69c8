using System.Buffers.Binary;
using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Kbus.Cli.Tests;

/// <summary><c>kbus limpet</c> kept 191 MB after eight frames of 64 MiB, which no bus takes.</summary>
[Trait("Length", "long")]
public sealed class LimpetMemoryTests
{
    private const int Frames = 8;
    private const int FrameData = 64 * 1024 * 1024;
    private const long KeptAtMost = 40 * 1024 * 1024;
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public Task What_eight_long_frames_needed_is_given_back(bool hasFile) => Limited.Run(Limit, () =>
    {
        using var bus = new PrivateBus();
        string glass = Path.Join(bus.Directory, "glass");
        string file = Path.Join(bus.Directory, "limpet.json");
        File.WriteAllText(file, $$"""{ "listen": "{{glass}}", "id": 2, "peers": [ { "name": "one", "id": 5, "user": "{{bus.RunLine("id -u").Output.Trim()}}" } ] }""");
        using LimpetRun limpet = hasFile ? LimpetRun.Start(bus, "--config", file) : LimpetRun.Start(bus, "--server", glass);
        limpet.Await("Listening");
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint(glass));
        using var stream = new NetworkStream(socket);
        stream.Write([.. "HELO"u8, 0, 0, 0, 5]);
        byte[] greeting = new byte[8];
        stream.ReadExactly(greeting);
        Assert.Equal("HELO", Encoding.ASCII.GetString(greeting, 0, 4));
        Synchronize(stream);
        long before = Memory(limpet);
        byte[] frame = Frame("$.Long", FrameData, flags: 0);
        long most = 0;
        for (int i = 0; i < Frames; i++)
        {
            stream.Write(frame);
            most = Math.Max(most, Memory(limpet));
        }

        Synchronize(stream);
        Assert.True(most - before > FrameData / 2, $"it never needed memory for them: {before} and then {most} bytes");
        long kept = long.MaxValue;
        Assert.True(SpinWait.SpinUntil(() => (kept = Memory(limpet) - before) <= KeptAtMost, Limit), $"it keeps {kept} bytes more than the {before} before");
        TestContext.Current.TestOutputHelper?.WriteLine($"{before} bytes before, {most} at most, {kept + before} at last");
    });

    /// <summary>A Request that nobody replies to is answered when all before it has been handled.</summary>
    private static void Synchronize(NetworkStream stream)
    {
        stream.Write(Frame("$.Nobody.Replies", 0, flags: 3));
        byte[] answer = new byte[64];
        stream.ReadExactly(answer);
        int rest = Padded(Word(answer, 13) + 1) + Padded(Word(answer, 14)) + 4;
        byte[] name = new byte[rest];
        stream.ReadExactly(name);
        Assert.StartsWith("$.KBUS.RemoteError.", Encoding.ASCII.GetString(name), StringComparison.Ordinal);
    }

    private static byte[] Frame(string name, int length, uint flags)
    {
        uint[] words = [0x7375624B, 5, 9, 0, 0, 0, 9, 5, 3, 0, 0, 0, flags, (uint)name.Length, (uint)length, 0x4B627573];
        byte[] frame = new byte[64 + Padded(name.Length + 1) + Padded(length) + 4];
        for (int i = 0; i < words.Length; i++)
        {
            BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(4 * i), words[i]);
        }

        Encoding.ASCII.GetBytes(name, frame.AsSpan(64));
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(frame.Length - 4), words[15]);
        return frame;
    }

    private static int Word(byte[] frame, int index) => BinaryPrimitives.ReadInt32BigEndian(frame.AsSpan(4 * index));

    private static int Padded(int length) => (length + 3) / 4 * 4;

    private static long Memory(LimpetRun limpet)
    {
        string line = File.ReadLines($"/proc/{limpet.Program.Id}/status").First(l => l.StartsWith("VmRSS:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture) * 1024;
    }
}
