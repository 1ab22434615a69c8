using System.Text;

namespace Kbus.Faults;

/// <summary>Announces without end, data of random lengths, to all listeners or to none.</summary>
internal static class AnnouncerActor
{
    public static void Run(string directory, string name, int longest, int seed)
    {
        var random = new Random(seed);
        using Ksock ksock = ActorProgram.Open(directory);
        byte[] bytes = Encoding.ASCII.GetBytes(name);
        byte[] data = new byte[longest];
        ActorProgram.Say("ready");
        long sent = 0;
        while (!ActorProgram.ShouldStop)
        {
            int length = Lengths.Next(random, longest);
            Content.Fill(data.AsSpan(0, length), (ulong)random.NextInt64());
            Errno error = ksock.TrySend(bytes, data.AsSpan(0, length), MessageFlags.AllOrFail, out _);
            while (error == Errno.EBUSY && !ActorProgram.ShouldStop)
            {
                Thread.Yield();
                error = ksock.TrySend(bytes, data.AsSpan(0, length), MessageFlags.AllOrFail, out _);
            }

            if (error is not Errno.None and not Errno.EBUSY)
            {
                throw new KbusException(error);
            }

            sent++;
        }

        ActorProgram.Say($"done {sent}");
    }
}
