using System.Collections.Concurrent;
using Kbus.Linux;

namespace Kbus.Links;

/// <summary>The one thread of a process that listens to the doorbells of those links and watchers on which something asynchronous was asked
/// for.</summary>
/// <remarks>
/// It is started by the first of them and lives as long as the process; while nothing rings it sleeps. If another part of the program
/// closes the epoll set, as a program that closes all descriptors does, another set and another thread take over.
/// </remarks>
internal static class LinkPump
{
    private const int EventsAtOnce = 64;
    private static readonly Lock StartLock = new();
    private static readonly ConcurrentDictionary<ulong, IRung> Links = new();
    private static readonly Dictionary<IRung, ulong> Tokens = [];
    private static Descriptor? _epoll;
    private static ulong _lastToken;

    /// <summary>Listens to a link from now on, until <see cref="Remove"/>.</summary>
    /// <exception cref="KbusException">EMFILE, ENOMEM and others: it cannot.</exception>
    public static void Add(IRung link)
    {
        lock (StartLock)
        {
            Descriptor set = _epoll ?? Start();
            ulong token = ++_lastToken;

            // Before its first ring can be heard.
            Links[token] = link;
            int result = Listen(set, link, token);
            if (result < 0)
            {
                // A new set may do what this one no longer does.
                result = ListenAnew(set, link, token);
            }

            if (result < 0)
            {
                Links.TryRemove(token, out _);
                throw Refusals.Of((Errno)(-result), null, "The program's set of doorbells takes no further one.", self: null, "open");
            }

            Tokens[link] = token;
        }
    }

    /// <summary>Listens to a link no more; its socket is about to be closed.</summary>
    public static void Remove(IRung link)
    {
        lock (StartLock)
        {
            if (Tokens.Remove(link, out ulong token))
            {
                Links.TryRemove(token, out _);
                _ = _epoll is null ? 0 : LibC.EpollRemove(_epoll.Number, link.SocketNumber);
            }
        }
    }

    // Edge-triggered, so that a hang-up, which stays, is told once; a ring that is there already counts as an edge.
    private static int Listen(Descriptor set, IRung link, ulong token) =>
        LibC.EpollAdd(set.Number, link.SocketNumber, LibC.EpollIn | LibC.EpollPeerClosed | LibC.EpollEdgeTriggered, token);

    /// <summary>Listens to a link by another set than the one that did not take it. Under the lock.</summary>
    private static int ListenAnew(Descriptor former, IRung link, ulong token)
    {
        try
        {
            // The link is among those that a new set gets. Then it has it already.
            int result = Listen(Renew(former), link, token);
            return result == -(int)Errno.EEXIST ? 0 : result;
        }
        catch (KbusException)
        {
            Links.TryRemove(token, out _);
            throw;
        }
    }

    /// <summary>Makes a set, and a thread that waits for it. Under the lock.</summary>
    private static Descriptor Start()
    {
        int number = LibC.CreateEpoll();
        if (number < 0)
        {
            throw Refusals.Of((Errno)(-number), null, "No descriptor is left to wait with.", self: null, "open");
        }

        var set = new Descriptor(number);
        _epoll = set;
        if (!Threads.TryStart("kbus doorbells", () => Run(set)))
        {
            _epoll = null;
            set.Dispose();
            throw Refusals.Of(Errno.ENOMEM, "thread", "The process can have no further thread, which asynchronous calls need.", self: null, "wait");
        }

        return set;
    }

    /// <summary>Makes another set for all links, since one cannot be used any more. Under the lock.</summary>
    private static Descriptor Renew(Descriptor former)
    {
        if (!ReferenceEquals(_epoll, former))
        {
            return _epoll ?? Start();
        }

        // Its number may be another file's by now, which is none of ours to close.
        former.GiveUp();
        _epoll = null;
        Descriptor set = Start();
        foreach ((ulong token, IRung link) in Links)
        {
            _ = Listen(set, link, token);
        }

        return set;
    }

    /// <summary>The pump's thread, until another one has taken over.</summary>
    private static void Run(Descriptor set)
    {
        using var events = new EpollEvents(EventsAtOnce);
        while (ReferenceEquals(Volatile.Read(ref _epoll), set))
        {
            int count = LibC.EpollWait(set.Number, events, LibC.Forever);
            for (int i = 0; i < count; i++)
            {
                if (Links.TryGetValue(events.Data(i), out IRung? link))
                {
                    // A ring and a hang-up that come together are told together, and never again.
                    Ring(link, (events.Events(i) & (LibC.EpollPeerClosed | LibC.EpollHangUp | LibC.EpollError)) != 0);
                }
            }

            if (count < 0 && count != LibC.Interrupted)
            {
                Replace(set);
            }
        }
    }

    /// <summary>The set is none any more: another one takes its place, or its links hear why they end.</summary>
    private static void Replace(Descriptor set)
    {
        IRung[] left = [];
        KbusException? failure = null;
        lock (StartLock)
        {
            try
            {
                Renew(set);
            }
            catch (KbusException e)
            {
                failure = e;
                left = [.. Tokens.Keys];
                Tokens.Clear();
                Links.Clear();
            }
        }

        Array.ForEach(left, link => link.EndByFault(failure!));
    }

    /// <summary>The outermost frame of each ring: a fault of ours ends that link, and not the program that has it.</summary>
    private static void Ring(IRung link, bool isGone)
    {
        try
        {
            link.OnRing(isGone);
        }
        catch (Exception e)
        {
            Remove(link);
            link.EndByFault(e);
        }
    }
}
