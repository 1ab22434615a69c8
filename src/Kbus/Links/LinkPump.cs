using System.Collections.Concurrent;
using Kbus.Link;

namespace Kbus.Links;

/// <summary>The one thread of a process that listens to the doorbells of those links on which something asynchronous was asked
/// for.</summary>
/// <remarks>It is started by the first of them and lives as long as the process; while nothing rings it sleeps.</remarks>
internal static class LinkPump
{
    private const int EventsAtOnce = 64;
    private static readonly Lock StartLock = new();
    private static readonly ConcurrentDictionary<ulong, LinkHost> Links = new();
    private static readonly ConcurrentDictionary<LinkHost, ulong> Tokens = new();
    private static Descriptor? _epoll;
    private static ulong _lastToken;

    /// <summary>Listens to a link from now on, until <see cref="Remove"/>.</summary>
    public static void Add(LinkHost link)
    {
        Descriptor set = Started();
        ulong token = Interlocked.Increment(ref _lastToken);
        Links[token] = link;
        Tokens[link] = token;

        // Edge-triggered, so that a hang-up, which stays, is told once; a ring that is there already counts as an edge.
        _ = LibC.EpollAdd(set.Number, link.SocketNumber, LibC.EpollIn | LibC.EpollPeerClosed | LibC.EpollEdgeTriggered, token);
    }

    /// <summary>Listens to a link no more; its socket is about to be closed.</summary>
    public static void Remove(LinkHost link)
    {
        if (Tokens.TryRemove(link, out ulong token))
        {
            Links.TryRemove(token, out _);
            _ = LibC.EpollRemove(_epoll!.Number, link.SocketNumber);
        }
    }

    private static Descriptor Started()
    {
        lock (StartLock)
        {
            if (_epoll is null)
            {
                int number = LibC.CreateEpoll();
                if (number < 0)
                {
                    throw Refusals.Of((Errno)(-number), null, "No descriptor is left to wait with.", self: null, "open");
                }

                Start(new Descriptor(number));
            }

            return _epoll!;
        }
    }

    private static void Start(Descriptor set)
    {
        _epoll = set;
        if (!Threads.TryStart("kbus doorbells", Run))
        {
            _epoll = null;
            set.Dispose();
            throw Refusals.Of(Errno.ENOMEM, "thread", "The process can have no further thread, which asynchronous calls need.", self: null, "wait");
        }
    }

    private static void Run()
    {
        using var events = new EpollEvents(EventsAtOnce);
        while (true)
        {
            int count = LibC.EpollWait(_epoll!.Number, events, LibC.Forever);
            for (int i = 0; i < count; i++)
            {
                if (Links.TryGetValue(events.Data(i), out LinkHost? link))
                {
                    // A ring and a hang-up that come together are told together, and never again.
                    Ring(link, (events.Events(i) & (LibC.EpollPeerClosed | LibC.EpollHangUp | LibC.EpollError)) != 0);
                }
            }
        }
    }

    /// <summary>The outermost frame of each ring: a fault of ours ends that link, and not the program that has it.</summary>
    private static void Ring(LinkHost link, bool isGone)
    {
        try
        {
            link.OnRing(isGone);
        }
        catch (Exception)
        {
            Remove(link);
            link.EndByFault();
        }
    }
}
