using System.Diagnostics;
using Kbus.Core;
using Kbus.Link;
using Kbus.Linux;
using Kbus.Policy;

namespace Kbus.Daemon;

/// <summary>A connection whose process has not yet said what it wants. After that, the link is made and given to the bus.</summary>
internal sealed class PendingConnection(Descriptor socket, Daemon daemon, uint bus) : IDisposable
{
    // No pidfd has such an identity, and no caller of a device file such a number.
    private static ulong _lastUnknown = 3UL << 62;

    private readonly HelloReceiver _hello = new();
    private string? _refusal;

    /// <summary>When it connected.</summary>
    public long Since { get; } = Stopwatch.GetTimestamp();

    /// <summary>The socket's number, even after it was passed on; -1 once it is closed.</summary>
    public int Number { get; } = socket.Number;

    /// <summary>Reads the available bytes. True if the connection is done with: the link was made or refused.</summary>
    public bool TryHear()
    {
        if (!_hello.TryReceive(socket, out ClientHello hello, out HandshakeFault fault))
        {
            return false;
        }

        QuotaRefusal quota = default;
        string? why = fault switch
        {
            HandshakeFault.None => null,
            HandshakeFault.OtherVersion => OtherVersion(hello.Versions),
            HandshakeFault.HungUp => string.Empty,
            _ => "What it said is not how a KBUS library opens a Ksock.",
        };
        string call = "";
        Errno error = why is null ? Make(hello, out call, out quota) : Errno.EPROTO;
        if (error == Errno.EDQUOT)
        {
            string who = quota.Level == ChargeLevel.Process ? "This process" : "This user";
            why = $"{who} has {quota.Limit} Ksocks open, its present share of the {daemon.Shares.Ksocks} that this kbusd serves. "
                + "kbusd --max-ksocks, ulimit -n or LimitNOFILE= set these.";
        }
        else if (why is null && error != Errno.None)
        {
            why = _refusal is not null
                ? _refusal
                : error is Errno.EPERM or Errno.ENOSYS
                ? $"A link cannot be made: the system call {call}, without which kbusd makes none, fails with {error.Describe()}."
                : $"A link cannot be made: {error.Describe()}.";
        }

        if (why is not null)
        {
            if (why.Length > 0)
            {
                daemon.Log.Refused(bus, why);
                _ = HandshakeExchange.SendWelcome(socket, BusWelcome.Refusal((int)error, why, isByPolicy: _refusal is not null), null, null, Deadline.Passed);
            }

            Dispose();
        }

        return true;
    }

    /// <summary>Hangs up.</summary>
    public void Dispose() => socket.Dispose();

    private static string OtherVersion(LinkVersions theirs) => theirs.IsOlderThan(LinkVersions.Ours)
        ? $"The program's KBUS library is older than this kbusd {DaemonVersion.Text}: it speaks {theirs} of the link, and this kbusd {LinkVersions.Ours}. Update the library."
        : $"The program's KBUS library is newer than this kbusd {DaemonVersion.Text}: it speaks {theirs} of the link, and this kbusd {LinkVersions.Ours}. Update kbusd, and restart it.";

    private Errno Make(in ClientHello hello, out string call, out QuotaRefusal quota)
    {
        quota = default;
        call = "pidfd_open";
        int result = LibC.PeerCredentials(socket.Number, out PeerCredentials peer);
        Identity? member = null;
        if (result >= 0 && daemon.Policy is { } policy)
        {
            // Before anything is made for it. The bus asks once more, because the policy may have changed meanwhile.
            member = Peers.Identify(socket.Number, peer);
            _refusal = hello.IsWatch
                ? DaemonPolicy.WhyNotWatch(policy, policy.For(member, bus), bus)
                : DaemonPolicy.WhyNotOpen(policy, policy.For(member, bus), hello.Mode, bus);
            if (_refusal is not null)
            {
                return Errno.EPERM;
            }
        }

        Descriptor? process = null;
        result = result < 0 ? result : PeerProcess.Open(socket, peer, out process);
        if (result < 0)
        {
            return (Errno)(-result);
        }

        // Where the kernel gives no identity, each link counts as a process of its own.
        ulong identity = (process is null ? null : LibC.PidfdIdentity(process.Number)) ?? Interlocked.Increment(ref _lastUnknown);
        var owner = new KsockOwner(peer.ProcessId, peer.UserId, hello.Mode, identity);
        if (!daemon.Shares.TryOpen(owner, out KsockShare? share, out quota))
        {
            process?.Dispose();
            return Errno.EDQUOT;
        }

        int bell = LibC.CreateEvent();
        call = bell < 0 ? "eventfd2" : "memfd_create";
        SharedMemory? memory = null;
        Descriptor? file = null;
        LinkLayout layout = hello.IsWatch
            ? WatchWire.Layout(hello.DeliveryRingSize)
            : LinkLayout.Wished(hello.CompletionSlots, hello.CommandRingSize, hello.DeliveryRingSize);
        result = bell < 0 ? bell : SharedMemory.Create(layout, 0, bus, out memory, out file);
        if (result < 0)
        {
            process?.Dispose();
            share!.Dispose();
            if (bell >= 0)
            {
                _ = LibC.Close(bell);
            }

            return (Errno)(-result);
        }

        if (hello.IsWatch)
        {
            process?.Dispose();
            _ = daemon.FindBus(bus)!.Post(new WatchRequest
            {
                Socket = new Descriptor(socket.Release()),
                Memory = memory!,
                MemoryFile = file!,
                Bell = new Descriptor(bell),
                Share = share!,
                Peer = peer,
                Identity = member,
                WithData = (hello.Flags & ClientHello.WithDataFlag) != 0,
                Versions = hello.Versions,
            });
            return Errno.None;
        }

        var request = new OpenRequest
        {
            Socket = new Descriptor(socket.Release()),
            Memory = memory!,
            MemoryFile = file!,
            Bell = new Descriptor(bell),
            Process = process,
            Share = share!,
            Peer = peer,
            Mode = hello.Mode,
            Versions = hello.Versions,
            Identity = member,
        };
        _ = daemon.FindBus(bus)!.Post(request);
        return Errno.None;
    }
}
