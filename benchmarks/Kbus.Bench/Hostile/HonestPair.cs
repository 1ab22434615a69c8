using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Kbus.Bench.Hostile;

/// <summary>The honest pair, each in a process of its own: one asks and announces, the other replies and listens.</summary>
internal static class HonestPair
{
    private const string Ask = "$.Honest.Ask";
    private const string Tell = "$.Honest.Tell";

    /// <summary>Plays the one that replies and listens, until its input ends. Then it says how long deliveries took.</summary>
    public static int Answer(string directory)
    {
        using Ksock replier = Open(directory);
        using Ksock listener = Open(directory);
        replier.Bind(Ask, replier: true);
        listener.SetMaxMessages(100_000);
        listener.Bind(Tell);
        var deliveries = new Waits();
        InBackground(() => Reply(replier));
        InBackground(() => Listen(listener, deliveries));
        Console.WriteLine("ready");
        Console.In.ReadToEnd();
        Console.WriteLine(deliveries.Seen());
        Console.Out.Flush();
        Environment.Exit(0);
        return 0;
    }

    /// <summary>Plays the one that asks and announces, until its input ends. Then it says how long its calls took.</summary>
    public static int Question(string directory)
    {
        using Ksock asker = Open(directory);
        using Ksock teller = Open(directory);
        Waits[] waits = [new(), new(), new(), new()];
        InBackground(() => Request(asker, waits[0]));
        InBackground(() => Announce(teller, waits[1]));
        InBackground(() => OpenAgainAndAgain(directory, waits[2]));
        InBackground(() => AskStatus(directory, waits[3]));
        Console.WriteLine("ready");
        Console.In.ReadToEnd();
        foreach (Waits one in waits)
        {
            Console.WriteLine(one.Seen());
        }

        Console.Out.Flush();

        // Some call may never come back.
        Environment.Exit(0);
        return 0;
    }

    private static Ksock Open(string directory) =>
        Ksock.Open(0, options: new KsockOptions { RuntimeDirectory = directory, StartDaemon = false, OpenTimeout = TimeSpan.FromSeconds(30) });

    private static void Reply(Ksock replier)
    {
        using var buffer = new MessageBuffer();
        while (replier.WaitForMessage(buffer))
        {
            try
            {
                replier.Reply(buffer, buffer.Data);
            }
            catch (KbusException e) when (e.Errno == Errno.EADDRNOTAVAIL)
            {
                // Who warmed the bus up has gone without waiting for this answer.
            }
        }
    }

    private static void Listen(Ksock listener, Waits deliveries)
    {
        using var buffer = new MessageBuffer();
        while (listener.WaitForMessage(buffer))
        {
            deliveries.Add(Stopwatch.GetTimestamp() - MemoryMarshal.Read<long>(buffer.Data));
        }
    }

    private static void Request(Ksock asker, Waits waits)
    {
        using var answer = new MessageBuffer();
        byte[] data = new byte[64];
        while (true)
        {
            waits.Measure(() => asker.Request("$.Honest.Ask"u8, data, answer));
            Thread.Sleep(waits.Count % 10 == 0 ? 1 : 0);
        }
    }

    private static void Announce(Ksock teller, Waits waits)
    {
        byte[] data = new byte[64];
        while (true)
        {
            MemoryMarshal.Write(data, Stopwatch.GetTimestamp());
            waits.Measure(() => teller.Send("$.Honest.Tell"u8, data));
            Thread.Sleep(1);
        }
    }

    private static void OpenAgainAndAgain(string directory, Waits waits)
    {
        while (true)
        {
            waits.Measure(() => Open(directory).Dispose());
            Thread.Sleep(50);
        }
    }

    private static void AskStatus(string directory, Waits waits)
    {
        using var reader = new StatusReader(directory);
        while (true)
        {
            waits.Measure(() =>
            {
                if (!reader.TryAsk(out int result))
                {
                    throw new HostileException(((Errno)(-result)).ToString());
                }
            });
            Thread.Sleep(50);
        }
    }

    private static void InBackground(Action act) => new Thread(() =>
    {
        try
        {
            act();
        }
        catch (KbusException e)
        {
            Console.Error.WriteLine($"The honest pair cannot go on: {e.Message}");
        }
    })
    { IsBackground = true }.Start();
}
