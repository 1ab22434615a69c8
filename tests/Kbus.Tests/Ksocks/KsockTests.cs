using Kbus.Core;

namespace Kbus.Tests;

/// <summary>What Ksocks do, on whatever carries them to their bus: each host has a class that inherits all these tests.</summary>
public abstract partial class KsockTests : IDisposable
{
    private readonly List<Ksock> _opened = [];
    private ITestBuses? _buses;

    /// <summary>Starts buses with these limits.</summary>
    private protected abstract ITestBuses Start(BusOptions limits, int buses);

    public void Dispose()
    {
        foreach (Ksock ksock in _opened)
        {
            ksock.Dispose();
        }

        _buses?.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Says what the buses are to be like, before the first Ksock is opened.</summary>
    private void StartWith(BusOptions limits, int buses = 1) => _buses = Start(limits, buses);

    private Ksock Open(KsockMode mode = KsockMode.ReadWrite, uint device = 0, TimeProvider? clock = null)
    {
        _buses ??= Start(new BusOptions(), 1);
        Ksock ksock = _buses.Open(device, mode, new KsockOptions { TimeProvider = clock ?? TimeProvider.System });
        lock (_opened)
        {
            _opened.Add(ksock);
        }

        return ksock;
    }

    private Ksock OpenListener(string name)
    {
        Ksock listener = Open();
        listener.Bind(name);
        return listener;
    }

    private Ksock OpenReplier(string name)
    {
        Ksock replier = Open();
        replier.Bind(name, replier: true);
        return replier;
    }

    /// <summary>A Ksock listening to the name, with its queue full: it can take one message.</summary>
    private Ksock OpenFullListener(string name)
    {
        Ksock listener = OpenListener(name);
        listener.SetMaxMessages(1);
        using Ksock filler = Open();
        filler.Send(new Announcement(name, "filler"));
        return listener;
    }

    /// <summary>Replies to Requests, each with its own data, until the Ksock is closed.</summary>
    private static Task Echo(Ksock replier) => Task.Run(() =>
    {
        try
        {
            while (true)
            {
                Message request = replier.WaitForMessage()!;
                if (request.WantsUsToReply)
                {
                    replier.Send(Message.ReplyTo(request, request.Data));
                }
            }
        }
        catch (ObjectDisposedException)
        {
        }
    });

    private static Errno ErrnoOf(Action call) => Assert.Throws<KbusException>(call).Errno;

    private static async Task<Errno> ErrnoOf(Func<Task> call) => (await Assert.ThrowsAsync<KbusException>(call)).Errno;

    private static string[] Texts(Ksock ksock) => Texts(ksock.ReadAvailable());

    private static string[] Texts(IEnumerable<Message> messages) => [.. messages.Select(m => m.DataAsText)];
}
