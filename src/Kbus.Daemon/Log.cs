using Kbus.Core;
using Kbus.Link;

namespace Kbus.Daemon;

/// <summary>The daemon's log: its start, its end, and everything that goes wrong. Any thread may call. No call waits or fails.</summary>
/// <remarks>
/// Lines go to standard error, where systemd and a terminal both read them. Lines that a hostile process could cause at will are written at
/// most a few times a second, with the number of those left out. A line is put together under a guard, because the fault that it reports may be
/// that memory is short. A line that cannot be put together is lost and counted, as one that cannot be written.
/// </remarks>
/// <param name="writer">Writes the lines; null to drop them.</param>
/// <param name="time">The clock.</param>
internal sealed class Log(LogWriter? writer, TimeProvider time)
{
    private const int MostEachSecond = 10;

    // Made early. When a fault is logged, there may be no memory for another object.
    private static readonly Func<(uint Bus, int Ksocks, Exception Fault), string> BusEndedText = static l =>
        $"kbusd: bus {l.Bus} has ended by a fault of kbusd; its {l.Ksocks} Ksocks see it die, and the next one that opens finds a new, empty bus. "
        + $"Please report this:\n{Trace(l.Fault)}";

    private static readonly Func<(string What, Exception Fault), string> GivenUpText = static l =>
        $"kbusd: {l.What} was given up by a fault of kbusd. Please report this:\n{Trace(l.Fault)}";

    private readonly Lock _lock = new();
    private long _second;
    private int _saidThisSecond;
    private int _leftOut;

    /// <summary>A log that keeps nothing.</summary>
    public static Log Silent { get; } = new(null, TimeProvider.System);

    /// <summary>The daemon serves.</summary>
    public void Started(string directory, int buses) => Say((directory, buses), static l =>
        $"kbusd {DaemonVersion.Text}: {(l.buses == 1 ? "bus 0" : $"buses 0 to {l.buses - 1}")} in {l.directory}, process {Environment.ProcessId}.");

    /// <summary>The device files are there.</summary>
    public void DevicesMounted(string directory) => Say(directory, static l => $"kbusd: device files in {l}.");

    /// <summary>The device files are there, except for something.</summary>
    public void DevicesIncomplete(string what) => SayBounded(what, static l => $"kbusd: {l}.");

    /// <summary>A caller of a device file passed a pointer that may not be followed; its call fails with EFAULT.</summary>
    public void MemoryRefused(int processId, uint userId, string why) => SayBounded((processId, userId, why), static l =>
        $"kbusd: what {(l.processId == 0 ? "a process" : $"process {l.processId}")} (user {l.userId}) pointed at could not be read: {l.why}. "
        + "See docs/device-files.md.");

    /// <summary>The daemon ends.</summary>
    public void Stopping(string why, int ksocks) => Say((why, ksocks), static l =>
        $"kbusd: stopping ({l.why}){(l.ksocks == 0 ? "" : $"; {l.ksocks} open Ksock{(l.ksocks == 1 ? "" : "s")} will see the bus die")}.");

    /// <summary>The daemon has ended.</summary>
    public void Stopped() => Say("kbusd: stopped.", static l => l);

    /// <summary>The daemon cannot start, or cannot go on.</summary>
    public void Ended(string why) => Say(why, static l => $"kbusd: {l}");

    /// <summary>An internal fault ends the daemon.</summary>
    public void EndedByFault(Exception fault) => Say(fault, static l => $"kbusd: a fault of kbusd ended it. Please report this:\n{Trace(l)}");

    /// <summary>A process wrote nonsense and lost its Ksock.</summary>
    public void Misbehaved(uint bus, Session session) => SayBounded((bus, session), static l =>
        $"kbusd: bus {l.bus}: Ksock {l.session.State.Id} of process {l.session.Peer.ProcessId} (user {l.session.Peer.UserId}) was closed, "
        + $"because {l.session.Fault.Describe()}.");

    /// <summary>A process that wanted a Ksock was turned away.</summary>
    public void Refused(uint bus, string why) => SayBounded((bus, why), static l => $"kbusd: bus {l.bus}: a process was turned away: {l.why}");

    /// <summary>Connections cannot be accepted for lack of a resource.</summary>
    public void CannotAccept(Errno error) => SayBounded(error, static l =>
        $"kbusd: no connection can be taken now: the system call accept4 fails with {ServingDirectory.Words(-(int)l)}.");

    /// <summary>An internal fault ended one bus. The others continue.</summary>
    public void BusEnded(uint bus, int ksocks, Exception fault) => SayBounded((bus, ksocks, fault), BusEndedText);

    /// <summary>An internal fault ended one connection, question or request. Everything else continues.</summary>
    public void GivenUp(string what, Exception fault) => SayBounded((what, fault), GivenUpText);

    /// <summary>Another policy is in force on all buses.</summary>
    public void PolicyReloaded(string path, int bindings, int ksocks) => Say((path, bindings, ksocks), static l =>
        $"kbusd: policy {PrintableText.Of(l.path)} has been read again and is in force: "
        + $"{l.bindings} binding{(l.bindings == 1 ? "" : "s")} ended, {l.ksocks} Ksock{(l.ksocks == 1 ? "" : "s")} closed.");

    /// <summary>The policy could not be read again.</summary>
    public void PolicyKept(string why) => Say(why, static l => $"kbusd: the policy stays as it was. {l}");

    /// <summary>Somebody was denied something.</summary>
    public void Denied(uint bus, KsockOwner owner, uint ksock, string what, string source, int leftOut) =>
        SayBounded((bus, owner, ksock, what, source, leftOut), static l =>
            $"kbusd: bus {l.bus}: {(l.ksock == 0 ? "" : $"Ksock {l.ksock} of ")}process {l.owner.ProcessId} (user {l.owner.UserId}) may not {l.what}: {l.source}."
            + (l.leftOut == 0 ? "" : $" {l.leftOut} denial{(l.leftOut == 1 ? " was" : "s were")} left out before."));

    /// <summary>A SIGHUP was ignored.</summary>
    public void HangUpIgnored() => Say("kbusd: SIGHUP: there is no policy to be read again, and a service does not end by it.", static l => l);

    /// <summary>The daemon was started by a first Ksock. Lists what it inherited from that program and cannot change.</summary>
    public void Detached(IReadOnlyList<string> kept, string? controlGroup)
    {
        if (controlGroup is not null)
        {
            Say(controlGroup, static l =>
                $"kbusd: started by a program's first Ksock, in that program's control group {l}: if that is a service, kbusd ends with it.");
        }

        if (kept.Count > 0)
        {
            Say(kept, static l => $"kbusd: it keeps of the program that started it {string.Join(" and ", l)}.");
        }
    }

    /// <summary>More privileges are left than are needed, for a reason. Nothing is written if there is none.</summary>
    public void PrivilegesKept(string? why)
    {
        if (why is not null)
        {
            Say(why, static l => $"kbusd: it has more privileges than it needs, and cannot give them up: {l}.");
        }
    }

    /// <summary>Other users can change the directory as only its daemon should.</summary>
    public void DirectoryIsOpen(string directory, string complaint) =>
        Say((directory, complaint), static l => $"kbusd: {l.directory} is not safe: {l.complaint}.");

    /// <summary>Something in the directory had been removed, and has been made again.</summary>
    public void Mended(string directory, string what) =>
        SayBounded((directory, what), static l => $"kbusd: what was removed from {l.directory} has been made again: {l.what}.");

    /// <summary>Something in the directory is missing and cannot be made. Written once for each reason.</summary>
    public void CannotMend(string why) => SayBounded(why, static l => $"kbusd: no new Ksock can be opened until this is mended: {l}");

    /// <summary>The directory cannot be watched, so removals are found by checks alone.</summary>
    public void CannotWatch(string directory, int result) => SayBounded((directory, result), static l =>
        $"kbusd: what is removed from {l.directory} will be noticed late, by a check every ten seconds (inotify: {ServingDirectory.Words(l.result)}).");

    /// <summary>Queues a line.</summary>
    /// <param name="about">What the line is about.</param>
    /// <param name="text">Puts the line together.</param>
    private void Say<T>(T about, Func<T, string> text)
    {
        try
        {
            writer?.Write(text(about));
        }
        catch (Exception)
        {
            writer?.Lose();
        }
    }

    /// <summary>As <see cref="Say"/>, but at most a few lines a second.</summary>
    private void SayBounded<T>(T about, Func<T, string> text)
    {
        if (writer is null)
        {
            return;
        }

        try
        {
            if (!TryCount(out int leftOut))
            {
                return;
            }

            string line = text(about);
            writer.Write(leftOut == 0 ? line : $"kbusd: {leftOut} further line{(leftOut == 1 ? " was" : "s were")} left out.\n{line}");
        }
        catch (Exception)
        {
            writer.Lose();
        }
    }

    /// <summary>Counts a line of this second.</summary>
    /// <param name="leftOut">How many lines have been left out before it.</param>
    /// <returns>False if it is to be left out.</returns>
    private bool TryCount(out int leftOut)
    {
        lock (_lock)
        {
            long second = time.GetTimestamp() / time.TimestampFrequency;
            if (second != _second)
            {
                (_second, _saidThisSecond) = (second, 0);
            }

            leftOut = _leftOut;
            bool isSaid = ++_saidThisSecond <= MostEachSecond;
            _leftOut = isSaid ? 0 : leftOut + 1;
            return isSaid;
        }
    }

    /// <summary>A fault with its trace; or its type alone, if the trace cannot be made.</summary>
    private static string Trace(Exception fault)
    {
        try
        {
            return fault.ToString();
        }
        catch (Exception)
        {
            return fault.GetType().ToString();
        }
    }
}
