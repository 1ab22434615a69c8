using Kbus.Hosts;
using Kbus.Link;
using Kbus.Linux;

namespace Kbus.Links;

/// <summary>What an opened link is made of.</summary>
internal sealed record OpenedLink(Descriptor Socket, Descriptor Bell, SharedMemory Memory, uint KsockId, uint Device);

/// <summary>Finds a bus and opens a link to it. Source: the search order of <see cref="KsockOptions.RuntimeDirectory"/>.</summary>
internal static class LinkOpening
{
    private const int NotThere = -(int)Errno.ENOENT;
    private const int NobodyListens = -(int)Errno.ECONNREFUSED;

    // A bus that is not stopped answers within this. Before, no signal ends the opening of a Ksock.
    private static readonly TimeSpan Hearing = TimeSpan.FromMilliseconds(500);

    /// <summary>Opens a link.</summary>
    /// <exception cref="KbusException">ENOENT: there is no such bus, or no daemon. Else what kept it from being opened.</exception>
    public static OpenedLink Open(uint device, KsockMode mode, KsockOptions options)
    {
        Deadline deadline = Deadline.After(options.OpenTimeout);
        OpenedLink? link = TryOpen(device, mode, options, deadline, out HandshakeFault fault);

        // A daemon that was just ending hangs up on who connects to it: look once more, where the next one may be.
        link ??= fault == HandshakeFault.Interrupted ? null : TryOpen(device, mode, options, deadline, out fault);
        return link ?? throw Refusal(fault, device, options);
    }

    private static OpenedLink? TryOpen(uint device, KsockMode mode, KsockOptions options, Deadline deadline, out HandshakeFault fault)
    {
        using Descriptor socket = Connect(device, options, deadline);
        (uint slots, uint commands) = options.PostsMuch
            ? ((uint)LinkLayout.MostWishedCompletionSlots, (uint)LinkLayout.MostWishedCommandRingSize)
            : (0, 0);
        var hello = new ClientHello(mode, LibC.ProcessId(), 0, slots, commands, 0);
        fault = HandshakeExchange.SendHello(socket, hello, deadline);
        BusWelcome? welcome = null;
        Descriptor? file = null;
        Descriptor? bell = null;
        if (fault is HandshakeFault.None or HandshakeFault.HungUp)
        {
            // A kbusd without descriptors refuses and hangs up before it has heard anything: its words are there all the same.
            var limit = new HandshakeLimit(deadline, options.HeedsSignals ? Deadline.After(Hearing) : Deadline.Never);
            fault = HandshakeExchange.ReceiveWelcome(socket, limit, out welcome, out file, out bell);
        }

        if (fault != HandshakeFault.None)
        {
            return null;
        }

        if (welcome!.Error != 0)
        {
            throw Refusal(welcome, device);
        }

        using (file)
        {
            int result = SharedMemory.Map(file!, welcome.Layout!, out SharedMemory? memory);
            if (result < 0)
            {
                bell!.Dispose();
                throw NotOpened((Errno)(-result), null, "The memory that the bus shares cannot be mapped.");
            }

            var kept = new Descriptor(socket.Release());
            kept.Identify();
            bell!.Identify(isEventCounter: true);
            return new OpenedLink(kept, bell, memory!, welcome.KsockId, welcome.Device);
        }
    }

    /// <summary>Connects to the socket of a bus.</summary>
    /// <exception cref="KbusException">ENOENT: there is no such bus, or no daemon. Else what kept it from being reached.</exception>
    public static Descriptor Connect(uint device, KsockOptions options, Deadline deadline)
    {
        string? named = options.RuntimeDirectory ?? RuntimeDirectory.Named;
        List<string> places = named is not null ? [named] : [RuntimeDirectory.OfTheMachine];
        if (named is null && RuntimeDirectory.OfTheUser is { } ofTheUser)
        {
            places.Add(ofTheUser);
        }

        foreach (string place in places)
        {
            int result = UnixSocket.Connect(RuntimeDirectory.BusSocket(place, device), deadline, out Descriptor? socket);
            if (result >= 0)
            {
                return socket!;
            }

            if (result is not NotThere and not NobodyListens || DaemonAnswers(place, deadline))
            {
                throw Refusal(result, device, place);
            }
        }

        string own = places[^1];
        if (!options.StartDaemon || DaemonStarter.WhyNotAllowed is not null)
        {
            string why = DaemonStarter.WhyNotAllowed ?? "This Ksock is not to start one (KsockOptions.StartDaemon)";
            throw NotOpened(Errno.ENOENT, "daemon", $"No kbusd answers in {string.Join(" or ", places)}. {why}.");
        }

        if (named is null && places.Count == 1 && LibC.UserId() != 0)
        {
            throw NotOpened(
                Errno.ENOENT, "place", $"No kbusd answers in {own}, and one of this user has no place: neither XDG_RUNTIME_DIR nor HOME is set.");
        }

        DaemonStarter.Start(own, deadline);
        int again = UnixSocket.Connect(RuntimeDirectory.BusSocket(own, device), deadline, out Descriptor? started);
        return again >= 0 ? started! : throw Refusal(again, device, own);
    }

    private static bool DaemonAnswers(string place, Deadline deadline)
    {
        int result = UnixSocket.Connect(RuntimeDirectory.ControlSocket(place), deadline, out Descriptor? control);
        control?.Dispose();
        return result >= 0;
    }

    /// <summary>What the bus said. Which side is older we tell ourselves: a bus of an older version cannot know.</summary>
    public static KbusException Refusal(BusWelcome welcome, uint device)
    {
        bool isStrange = (Errno)welcome.Error == Errno.EPROTO;
        if (!isStrange || LinkVersions.Ours.CommonWith(welcome.Versions) != 0)
        {
            string? because = isStrange ? "stranger" : (Errno)welcome.Error != Errno.EPERM ? null : welcome.IsByPolicy ? "policy" : "call";
            return NotOpened((Errno)welcome.Error, because, welcome.Reason);
        }

        return NotOpened(
            Errno.EPROTO,
            welcome.Versions.IsOlderThan(LinkVersions.Ours) ? "older-kbusd" : "older-library",
            $"The kbusd of bus {device} speaks {welcome.Versions} of the link, and this library speaks {LinkVersions.Ours}.");
    }

    private static KbusException Refusal(int result, uint device, string place) => (Errno)(-result) switch
    {
        Errno.ENOENT => NotOpened(Errno.ENOENT, "bus", $"There is no bus {device} in {place}."),
        Errno.EACCES => NotOpened(Errno.EACCES, null, $"This user may not open bus {device} in {place}."),
        Errno.ENAMETOOLONG => NotOpened(Errno.ENAMETOOLONG, "path", $"The directory of the bus, {place}, has so long a path that no Unix socket in it can be reached."),
        Errno.ETIMEDOUT => NotOpened(Errno.ETIMEDOUT, "held", $"Bus {device} in {place} takes no connection in the time given."),
        Errno.ECONNREFUSED => NotOpened(Errno.ECONNREFUSED, "open", $"A kbusd runs in {place}, but nothing listens at the socket of bus {device} there."),
        Errno error => NotOpened(error, null, $"Bus {device} in {place} cannot be reached."),
    };

    /// <summary>Why the bus could not be asked.</summary>
    public static KbusException Refusal(HandshakeFault fault, uint device, KsockOptions options) => fault switch
    {
        HandshakeFault.NoDescriptors => NotOpened(Errno.EMFILE, null, "This process has no descriptors left; a Ksock needs two."),
        HandshakeFault.Interrupted => NotOpened(Errno.EINTR, "still", $"Bus {device} had not answered when a signal arrived; nothing was opened."),
        HandshakeFault.TimedOut => NotOpened(Errno.ETIMEDOUT, "held", $"Bus {device} did not answer within {options.OpenTimeout.TotalSeconds:0.###} s."),
        HandshakeFault.CallRefused => NotOpened(
            Errno.ENOSYS, null, "The kernel or a filter (seccomp) refuses this process a system call that every Ksock needs: sendmsg, recvmsg or ppoll."),
        HandshakeFault.OtherVersion => NotOpened(Errno.EPROTO, "stranger", $"Bus {device} answers with a version of the link that this library did not offer."),
        HandshakeFault.HungUp => NotOpened(Errno.ECONNRESET, null, $"Bus {device} hung up before it had opened a Ksock: its kbusd has ended."),
        _ => NotOpened(Errno.EPROTO, "stranger", $"What answers at bus {device} is not a kbusd."),
    };

    private static KbusException NotOpened(Errno error, string? because, string? what) => Refusals.Of(error, because, what, self: null, "open");
}
