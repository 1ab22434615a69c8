using System.Text;
using Kbus.Core;

namespace Kbus.Limpets.Tests;

/// <summary>The rules as programs in C have them: without a thread and without a clock that runs by itself.</summary>
public sealed class BareLimpetTests
{
    [Fact]
    public void What_is_due_happens_when_somebody_looks_and_once()
    {
        var time = new CallersTime();
        int happened = 0;
        using ITimer timer = time.CreateTimer(_ => happened++, null, TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        Assert.Equal(0, happened);
        time.Look();
        time.Look();
        Assert.Equal(1, happened);
        timer.Change(TimeSpan.FromDays(1), Timeout.InfiniteTimeSpan);
        time.Look();
        timer.Change(TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        time.Look();
        Assert.Equal(1, happened);
    }

    [Fact]
    public void A_binding_refused_for_a_full_listener_is_tried_again_with_a_later_call()
    {
        using var bowls = new Bowls(1);
        Ksock ksock = bowls.Open(0);
        using var limpet = new BareLimpet(ksock, 1, 2, "$.*");
        Ksock full = bowls.Bound(0, ReplierBindEvent.MessageName);
        _ = full.SetMaxMessages(1);
        _ = bowls.Bound(0, "$.First", replier: true);
        Hear(limpet, "$.Theirs");
        Assert.Null(ksock.FindReplierFor("$.Theirs"));
        _ = Bowls.Next(full);
        Assert.True(SpinWait.SpinUntil(
            () =>
            {
                Say(limpet);
                return ksock.FindReplierFor("$.Theirs") == ksock.Id;
            },
            TimeSpan.FromSeconds(120)));
    }

    private static unsafe void Hear(BareLimpet limpet, string name)
    {
        byte[] data = new byte[12 + (int)MessageLayout.PaddedNameLength((uint)name.Length)];
        BitConverter.TryWriteBytes(data, 1);
        BitConverter.TryWriteBytes(data.AsSpan(4), 70);
        BitConverter.TryWriteBytes(data.AsSpan(8), name.Length);
        Encoding.ASCII.GetBytes(name, data.AsSpan(12));
        MessageHeader header = default;
        Assert.Equal(Errno.None, limpet.FromPeer((byte*)&header, MessageName.ReplierBindEvent, data, out bool isCarried, out LimpetAnswer? answer));
        Assert.False(isCarried);
        Assert.Null(answer);
    }

    private static unsafe void Say(BareLimpet limpet)
    {
        MessageHeader header = default;
        Assert.Equal(Errno.None, limpet.FromPeer((byte*)&header, "$.Gulp"u8, default, out bool isCarried, out _));
        Assert.True(isCarried);
    }
}
