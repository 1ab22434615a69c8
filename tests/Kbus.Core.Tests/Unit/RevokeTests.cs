using System.Text;

namespace Kbus.Core.Tests;

/// <summary>A binding that may not be any more ends as by an unbind, and nobody can prevent it.</summary>
public sealed class RevokeTests
{
    private readonly Bus _bus = new(new BusOptions { MaxSetAsideEvents = 10 });

    [Fact]
    public void What_came_by_the_binding_goes_back_and_its_Requests_are_answered()
    {
        KsockState replier = Open(), asker = Open();
        Assert.Equal(Errno.None, Bind(replier, "$.A", isReplier: true));
        Assert.Equal(Errno.None, Bind(replier, "$.A"));
        Assert.Equal(Errno.None, Send(asker, "$.A", MessageFlags.WantAReply));
        Assert.Equal(2, replier.Queue.Count);
        Assert.True(_bus.Revoke(replier, "$.A"u8, isReplier: true));
        Assert.Equal((1, 1, 0), (replier.Queue.Count, asker.Queue.Count, _bus.AnswersOwed));
        Assert.True(_bus.Revoke(replier, "$.A"u8, isReplier: false));
        Assert.False(_bus.Revoke(replier, "$.A"u8, isReplier: false));
        Assert.Equal((0, 0), (replier.Queue.Count, _bus.BindingCount));
        Assert.Equal((0, 0), (replier.Charges.Used(ChargeKind.Bindings), replier.Charges.Used(ChargeKind.NameBytes)));
    }

    [Fact]
    public void Of_several_alike_the_newest_goes_first()
    {
        KsockState listener = Open();
        Assert.Equal(Errno.None, Bind(listener, "$.A"));
        Binding first = listener.Bindings.Newest!;
        Assert.Equal(Errno.None, Bind(listener, "$.A"));
        Assert.True(_bus.Revoke(listener, "$.A"u8, isReplier: false));
        Assert.Same(first, listener.Bindings.Newest);
        Assert.True(_bus.Revoke(listener, "$.A"u8, isReplier: false));
        Assert.Null(listener.Bindings.Newest);
    }

    [Fact]
    public void An_event_for_a_listener_without_room_is_set_aside_in_its_order()
    {
        KsockState watcher = Open(), replier = Open();
        Assert.Equal(Errno.None, Bind(watcher, "$.KBUS.ReplierBindEvent"));
        Assert.Equal(Errno.None, _bus.ReportReplierBinds(watcher, 1, out _));
        _ = _bus.MaxMessages(watcher, 2);
        Assert.Equal(Errno.None, Bind(replier, "$.A", isReplier: true));
        Assert.Equal(Errno.None, Bind(replier, "$.B", isReplier: true));
        Assert.Equal(Errno.EAGAIN, _bus.Unbind(replier, "$.A"u8, isReplier: true));
        Assert.True(_bus.Revoke(replier, "$.A"u8, isReplier: true));
        Assert.True(_bus.Revoke(replier, "$.B"u8, isReplier: true));
        Assert.Equal((2, 2, 0), (watcher.Queue.Count, _bus.SetAsideCount, _bus.BindingCount - 1));

        // The watcher itself may be the one who loses a binding as replier: its event waits behind those before it.
        Assert.Equal(0, _bus.SetAsideCount - watcher.SetAside.Count);
        List<string> told = [];
        while (_bus.Take(watcher, out DeliveredMessage delivered))
        {
            told.Add($"{delivered.Message.Data[0]} {Encoding.ASCII.GetString(delivered.Message.Data[12..15])}");
            delivered.Message.Release();
        }

        Assert.Equal(["1 $.A", "1 $.B", "0 $.A", "0 $.B"], told);
    }

    private KsockState Open() => _bus.Open(canWrite: true, new QuietCarrier());

    private Errno Bind(KsockState ksock, string name, bool isReplier = false) => _bus.Bind(ksock, Encoding.ASCII.GetBytes(name), isReplier);

    private Errno Send(KsockState sender, string name, MessageFlags flags)
    {
        StoredMessage message = _bus.Pool.Compose(new MessageHeader { Flags = flags }, Encoding.ASCII.GetBytes(name), default);
        return _bus.Send(sender, message, out _);
    }
}
