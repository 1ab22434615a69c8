using System.Buffers.Binary;
using System.Text;

namespace Kbus.Bench.Peers;

/// <summary>KBUS's own client: the roles of benchmarks/peers/peer.h by the .NET library, and those that only KBUS has.</summary>
internal static class BusPeer
{
    /// <summary>The command line's name for it, after <see cref="Actors.Marker"/>.</summary>
    public const string Role = "peer";

    private const string Ask = "$.Bench.Ask";

    /// <summary>Plays a role.</summary>
    public static int Play(string[] arguments)
    {
        var given = new ActorArguments(arguments[0], arguments[1], arguments[2..]);
        switch (given.Role)
        {
            case "echo":
                Answer(given);
                return 0;
            case "ask":
                AskAgainAndAgain(given);
                return 0;
            case "hear":
                BusListener.Hear(given);
                return 0;
            case "tell":
                using (var buffer = new MessageBuffer())
                {
                    new BusAnnouncer(given, buffer).Tell();
                }

                return 0;
            case "send":
                SendToNobody(given);
                return 0;
            case "load":
                BackgroundLoad.Announce(given);
                return 0;
            case "drain":
                BackgroundLoad.Drain(given);
                return 0;
            case "embedded":
                EmbeddedMeasurement.Run(given);
                return 0;
            default:
                Console.Error.WriteLine($"There is no role '{given.Role}'.");
                return 2;
        }
    }

    /// <summary>Tells the driver that it may go on.</summary>
    public static void SayReady()
    {
        Console.WriteLine("ready");
        Console.Out.Flush();
    }

    private static void Answer(ActorArguments given)
    {
        using Ksock ksock = given.Open();
        ksock.Bind(given.OfPair(Ask), replier: true);
        SayReady();
        using var buffer = new MessageBuffer();
        while (ksock.WaitForMessage(buffer))
        {
            ksock.Reply(buffer, buffer.Data);
        }
    }

    private static void AskAgainAndAgain(ActorArguments given)
    {
        using Ksock ksock = given.Open();
        string name = given.OfPair(Ask);
        byte[] nameBytes = Encoding.ASCII.GetBytes(name);
        while (ksock.FindReplierFor(name) is null)
        {
            // One beyond a Limpet is known here a little later.
            Thread.Yield();
        }

        using var answer = new MessageBuffer();
        byte[] data = new byte[given.Size];
        RoundTripSamples.Take(given, given.ByWaiting ? SendAndWait : Request);
        return;

        void Request()
        {
            ksock.Request(nameBytes, data, answer);
            Check(answer);
        }

        void SendAndWait()
        {
            ksock.Send(nameBytes, data, MessageFlags.WantAReply);
            ksock.WaitForMessage(answer);
            Check(answer);
        }
    }

    private static void Check(MessageBuffer answer)
    {
        if (!answer.IsReply || answer.IsSynthetic)
        {
            throw new InvalidOperationException($"That is no reply: {answer}");
        }
    }

    private static void SendToNobody(ActorArguments given)
    {
        using Ksock ksock = given.Open();
        byte[] data = new byte[given.Size];
        RoundTripSamples.Take(given, () => ksock.Send("$.Bench.Nobody"u8, data));
    }
}

/// <summary>The mark at the beginning, and in a big one also at the end, of each announcement: its number from 1, and flags.</summary>
internal static class Mark
{
    /// <summary>Are you there? Has no number.</summary>
    public const ulong Hello = 1UL << 62;

    /// <summary>Say at once how far you are.</summary>
    public const ulong Sync = 1UL << 61;

    /// <summary>No more will come.</summary>
    public const ulong Last = 1UL << 60;

    /// <summary>Covers the number.</summary>
    public const ulong Number = Last - 1;

    /// <summary>Writes a mark at both ends.</summary>
    public static void Write(Span<byte> data, ulong mark)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(data, mark);
        BinaryPrimitives.WriteUInt64LittleEndian(data[^8..], mark);
    }

    /// <summary>Reads a mark, which must be the same at both ends.</summary>
    public static ulong Read(ReadOnlySpan<byte> data)
    {
        ulong mark = BinaryPrimitives.ReadUInt64LittleEndian(data);
        return mark == BinaryPrimitives.ReadUInt64LittleEndian(data[^8..])
            ? mark
            : throw new InvalidOperationException("An announcement ends otherwise than it began.");
    }
}
