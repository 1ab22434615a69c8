using System.Diagnostics;

namespace Kbus.Faults;

/// <summary>Waits in several ways for what never comes. Before each it says which one; after it <c>early</c> or <c>ended</c>, and the year that it is.</summary>
internal static class WaiterActor
{
    private static readonly TimeSpan Moment = TimeSpan.FromSeconds(1);

    public static void Run(string directory)
    {
        using Ksock ksock = ActorProgram.Open(directory), silent = ActorProgram.Open(directory);
        silent.Bind("$.Silent", replier: true);
        silent.Bind("$.Full");
        silent.SetMaxMessages(1000);
        ActorProgram.Say("ready");
        Wait("receive", () => ksock.WaitForMessage(Moment) is null);
        Wait("receive asynchronously", () => ksock.ReceiveAsync(Moment).AsTask().GetAwaiter().GetResult() is null);
        Wait("request", () => ksock.Request(new Request("$.Silent"), Moment) is null);
        Wait("request asynchronously", () => ksock.RequestAsync(new Request("$.Silent"), Moment).GetAwaiter().GetResult() is null);
        silent.SetMaxMessages(1);
        Assert.Equal(Errno.EAGAIN, ksock.TrySend("$.Full"u8, default, MessageFlags.AllOrWait, out _));
        Wait("send", () => !ksock.WaitUntilSent(Moment));
        ActorProgram.Say("done");
    }

    private static void Wait(string what, Func<bool> ended)
    {
        ActorProgram.Say(what);
        long start = Stopwatch.GetTimestamp();
        bool isEmpty = ended();
        bool isEarly = Stopwatch.GetElapsedTime(start) < Moment * 0.99;
        ActorProgram.Say($"{(!isEmpty ? "something came" : isEarly ? "early" : "ended")} {TimeProvider.System.GetUtcNow().Year}");
    }
}
