using Kbus.Core;
using Kbus.Link;

namespace Kbus.Daemon;

/// <summary>The daemon's log: its start, its end, and everything that goes wrong. Any thread may call. No call waits or fails.</summary>
/// <remarks>
/// Lines go to standard error, where systemd and a terminal both read them. Lines that a hostile process could cause at will are written at
/// most a few times a second, with the number of those left out.
/// </remarks>
/// <param name="writer">Writes the lines; null to drop them.</param>
/// <param name="time">The clock.</param>
internal sealed class Log(LogWriter? writer, TimeProvider time)
{
    private const int MostEachSecond = 10;
    private readonly Lock _lock = new();
    private long _second;
    private int _saidThisSecond;
    private int _leftOut;

    /// <summary>A log that keeps nothing.</summary>
    public static Log Silent { get; } = new(null, TimeProvider.System);

    /// <summary>The daemon serves.</summary>
    public void Started(string directory, int buses) =>
        Say($"kbusd {DaemonVersion.Text}: {(buses == 1 ? "bus 0" : $"buses 0 to {buses - 1}")} in {directory}, process {Environment.ProcessId}.");

    /// <summary>The device files are there.</summary>
    public void DevicesMounted(string directory) => Say($"kbusd: device files in {directory}.");

    /// <summary>The device files are there, except for something.</summary>
    public void DevicesIncomplete(string what) => SayBounded($"kbusd: {what}.");

    /// <summary>A caller of a device file passed a pointer that may not be followed; its call fails with EFAULT.</summary>
    public void MemoryRefused(int processId, uint userId, string why) => SayBounded(
        $"kbusd: what {(processId == 0 ? "a process" : $"process {processId}")} (user {userId}) pointed at could not be read: {why}. See docs/device-files.md.");

    /// <summary>The daemon ends.</summary>
    public void Stopping(string why, int ksocks) =>
        Say($"kbusd: stopping ({why}){(ksocks == 0 ? "" : $"; {ksocks} open Ksock{(ksocks == 1 ? "" : "s")} will see the bus die")}.");

    /// <summary>The daemon has ended.</summary>
    public void Stopped() => Say("kbusd: stopped.");

    /// <summary>The daemon cannot start, or cannot go on.</summary>
    public void Ended(string why) => Say($"kbusd: {why}");

    /// <summary>A process wrote nonsense and lost its Ksock.</summary>
    public void Misbehaved(uint bus, Session session) => SayBounded(
        $"kbusd: bus {bus}: Ksock {session.State.Id} of process {session.Peer.ProcessId} (user {session.Peer.UserId}) was closed, because {session.Fault.Describe()}.");

    /// <summary>A process that wanted a Ksock was turned away.</summary>
    public void Refused(uint bus, string why) => SayBounded($"kbusd: bus {bus}: a process was turned away: {why}");

    /// <summary>Connections cannot be accepted for lack of a resource.</summary>
    public void CannotAccept(Errno error) => SayBounded($"kbusd: no connection can be taken now: {error.Describe()}.");

    /// <summary>An internal fault ended one bus. The others continue.</summary>
    public void BusEnded(uint bus, int ksocks, Exception fault) => SayBounded(
        $"kbusd: bus {bus} has ended by a fault of kbusd; its {ksocks} Ksocks see it die, and the next one that opens finds a new, empty bus. "
        + $"Please report this:\n{fault}");

    /// <summary>An internal fault ended one connection, question or request. Everything else continues.</summary>
    public void GivenUp(string what, Exception fault) => SayBounded($"kbusd: {what} was given up by a fault of kbusd. Please report this:\n{fault}");

    /// <summary>Another policy is in force on all buses.</summary>
    public void PolicyReloaded(string path, int bindings, int ksocks) => Say(
        $"kbusd: policy {PrintableText.Of(path)} has been read again and is in force: "
        + $"{bindings} binding{(bindings == 1 ? "" : "s")} ended, {ksocks} Ksock{(ksocks == 1 ? "" : "s")} closed.");

    /// <summary>The policy could not be read again.</summary>
    public void PolicyKept(string why) => Say($"kbusd: the policy stays as it was. {why}");

    /// <summary>Somebody was denied something.</summary>
    public void Denied(uint bus, KsockOwner owner, uint ksock, string what, string source, int leftOut) => SayBounded(
        $"kbusd: bus {bus}: {(ksock == 0 ? "" : $"Ksock {ksock} of ")}process {owner.ProcessId} (user {owner.UserId}) may not {what}: {source}."
        + (leftOut == 0 ? "" : $" {leftOut} denial{(leftOut == 1 ? " was" : "s were")} left out before."));

    /// <summary>A SIGHUP was ignored.</summary>
    public void HangUpIgnored() => Say("kbusd: SIGHUP: there is no policy to be read again, and a service does not end by it.");

    /// <summary>The daemon was started by a first Ksock. Lists what it inherited from that program and cannot change.</summary>
    public void Detached(IReadOnlyList<string> kept, string? controlGroup)
    {
        if (controlGroup is not null)
        {
            Say($"kbusd: started by a program's first Ksock, in that program's control group {controlGroup}: if that is a service, kbusd ends with it.");
        }

        if (kept.Count > 0)
        {
            Say($"kbusd: it keeps of the program that started it {string.Join(" and ", kept)}.");
        }
    }

    /// <summary>More privileges are left than are needed, for a reason. Nothing is written if there is none.</summary>
    public void PrivilegesKept(string? why)
    {
        if (why is not null)
        {
            Say($"kbusd: it has more privileges than it needs, and cannot give them up: {why}.");
        }
    }

    /// <summary>Other users can change the directory as only its daemon should.</summary>
    public void DirectoryIsOpen(string directory, string complaint) => Say($"kbusd: {directory} is not safe: {complaint}.");

    /// <summary>Something in the directory had been removed, and has been made again.</summary>
    public void Mended(string directory, string what) => SayBounded($"kbusd: what was removed from {directory} has been made again: {what}.");

    /// <summary>Something in the directory is missing and cannot be made. Written once for each reason.</summary>
    public void CannotMend(string why) => SayBounded($"kbusd: no new Ksock can be opened until this is mended: {why}");

    /// <summary>The directory cannot be watched, so removals go unnoticed.</summary>
    public void CannotWatch(string directory, int result) =>
        SayBounded($"kbusd: what is removed from {directory} will not be noticed (inotify: {ServingDirectory.Words(result)}).");

    private void Say(string line) => writer?.Write(line);

    private void SayBounded(string line)
    {
        if (writer is null)
        {
            return;
        }

        lock (_lock)
        {
            long second = time.GetTimestamp() / time.TimestampFrequency;
            if (second != _second)
            {
                (_second, _saidThisSecond) = (second, 0);
            }

            if (++_saidThisSecond > MostEachSecond)
            {
                _leftOut++;
                return;
            }

            if (_leftOut > 0)
            {
                line = $"kbusd: {_leftOut} further line{(_leftOut == 1 ? " was" : "s were")} left out.\n{line}";
                _leftOut = 0;
            }
        }

        Say(line);
    }
}
