using System.Buffers.Binary;
using System.Diagnostics;

namespace Kbus.Bench.Peers;

/// <summary>Hears announcements until the last, finds out if one is missing, and says from time to time how far it is.</summary>
internal static class BusListener
{
    /// <summary>The name of the announcements.</summary>
    public const string Told = "$.Bench.Tell";

    /// <summary>The name of what listeners say.</summary>
    public const string Credits = "$.Bench.Heard";

    // As many as the client in C borrows at once.
    private const int ReadTogether = 64;

    /// <summary>Plays the role.</summary>
    public static void Hear(ActorArguments given)
    {
        using Ksock ksock = given.Open();
        ksock.Bind(Told);
        BusPeer.SayReady();
        MessageBuffer[] buffers = [.. Enumerable.Range(0, ReadTogether).Select(_ => new MessageBuffer())];
        byte[] credit = new byte[16];
        BinaryPrimitives.WriteUInt64LittleEndian(credit, (ulong)given.Index);
        ulong mark = 0, heard = 0, credited = 0, each = (ulong)given.Credit;
        int count = 0;
        for (int next = 0; (mark & Mark.Last) == 0; next++)
        {
            if (next == count)
            {
                count = ksock.WaitForMessages(buffers);
                next = 0;
            }

            mark = Mark.Read(buffers[next].Data);
            if ((mark & Mark.Hello) == 0 && (mark & Mark.Number) != ++heard)
            {
                throw new InvalidOperationException($"Announcement {heard} is missing: {mark & Mark.Number} came.");
            }

            if ((mark & ~Mark.Number) != 0 || heard - credited >= each)
            {
                long now = Stopwatch.GetTimestamp();
                BinaryPrimitives.WriteUInt64LittleEndian(credit.AsSpan(8), heard);
                ksock.Send("$.Bench.Heard"u8, credit);
                credited = heard;
                if ((mark & Mark.Last) != 0)
                {
                    Console.WriteLine(FormattableString.Invariant($"heard={heard} last_ns={now}"));
                }
            }
        }
    }
}
