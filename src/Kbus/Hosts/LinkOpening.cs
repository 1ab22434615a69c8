using Kbus.Link;

namespace Kbus.Hosts;

/// <summary>What an opened link is made of.</summary>
internal sealed record OpenedLink(Descriptor Socket, Descriptor Bell, SharedMemory Memory, uint KsockId, uint Device);

/// <summary>Finds a bus and opens a link to it. Source: the search order of <see cref="KsockOptions.RuntimeDirectory"/>.</summary>
internal static class LinkOpening
{
    private const string HeldUp = "Look whether kbusd was stopped, or has too much to do, and end it if it does not get on.";
    private const int NotThere = -(int)Errno.ENOENT;
    private const int NobodyListens = -(int)Errno.ECONNREFUSED;

    /// <summary>Opens a link.</summary>
    /// <exception cref="KbusException">ENOENT: there is no such bus, or no daemon. Else what kept it from being opened.</exception>
    public static OpenedLink Open(uint device, KsockMode mode, KsockOptions options)
    {
        Deadline deadline = Deadline.After(options.OpenTimeout);
        OpenedLink? link = TryOpen(device, mode, options, deadline, out HandshakeFault fault);

        // A daemon that was just ending hangs up on who connects to it: look once more, where the next one may be.
        link ??= TryOpen(device, mode, options, deadline, out fault);
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
        if (fault == HandshakeFault.None)
        {
            fault = HandshakeExchange.ReceiveWelcome(socket, deadline, out welcome, out file, out bell);
        }

        if (fault != HandshakeFault.None)
        {
            return null;
        }

        if (welcome!.Error != 0)
        {
            throw new KbusException((Errno)welcome.Error, welcome.Reason);
        }

        using (file)
        {
            int result = SharedMemory.Map(file!, welcome.Layout!, out SharedMemory? memory);
            if (result < 0)
            {
                bell!.Dispose();
                throw new KbusException((Errno)(-result), "The memory that the bus shares cannot be mapped.");
            }

            var kept = new Descriptor(socket.Release());
            kept.Identify();
            bell!.Identify(isEventCounter: true);
            return new OpenedLink(kept, bell, memory!, welcome.KsockId, welcome.Device);
        }
    }

    private static Descriptor Connect(uint device, KsockOptions options, Deadline deadline)
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
        if (!options.StartDaemon || !DaemonStarter.IsAllowed)
        {
            throw new KbusException(
                Errno.ENOENT,
                $"No kbusd answers in {string.Join(" or ", places)}.",
                "Start one with 'kbusd', or let the first Ksock start one (KBUS_AUTOSTART).");
        }

        if (named is null && places.Count == 1 && LibC.UserId() != 0)
        {
            throw new KbusException(
                Errno.ENOENT,
                $"No kbusd answers in {own}, and one of this user has no place: neither XDG_RUNTIME_DIR nor HOME is set. Set KBUS_RUNTIME_DIR to a directory.");
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

    private static KbusException Refusal(int result, uint device, string place) => (Errno)(-result) switch
    {
        Errno.ENOENT => new(Errno.ENOENT, $"There is no bus {device} in {place}.", "Bus 0 always exists; NEWDEVICE or kbusd --buses makes more."),
        Errno.EACCES => new(Errno.EACCES, $"This user may not open bus {device} in {place}."),
        Errno.ETIMEDOUT => new(Errno.ETIMEDOUT, $"Bus {device} in {place} takes no connection in the time given.", HeldUp),
        Errno.ECONNREFUSED => new(Errno.ECONNREFUSED, $"A kbusd answers in {place}, but not at bus {device}.", "Restart it; its log says what is wrong."),
        Errno error => new(error, $"Bus {device} in {place} cannot be reached."),
    };

    private static KbusException Refusal(HandshakeFault fault, uint device, KsockOptions options) => fault switch
    {
        HandshakeFault.NoDescriptors => new(Errno.EMFILE, "This process has no descriptors left; a Ksock needs two."),
        HandshakeFault.TimedOut => new(Errno.ETIMEDOUT, $"Bus {device} did not answer within {options.OpenTimeout.TotalSeconds:0.#} s.", HeldUp),
        HandshakeFault.CallRefused => new(
            Errno.ENOSYS, "The kernel or a filter (seccomp) refuses this process a system call that every Ksock needs: sendmsg, recvmsg or ppoll."),
        HandshakeFault.OtherVersion =>
            new(Errno.EPROTO, "The kbusd that is running is of another release than this library.", "Restart it, so that both are of one release."),
        HandshakeFault.HungUp => new(Errno.ECONNRESET, $"Bus {device} hung up before it had opened a Ksock: its kbusd has ended, or did not want to."),
        _ => new(Errno.EPROTO, $"What answers at bus {device} is not a kbusd.", "Look which program listens there, or use another directory (KBUS_RUNTIME_DIR)."),
    };
}
