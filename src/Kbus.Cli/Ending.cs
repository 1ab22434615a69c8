using System.Runtime.InteropServices;

namespace Kbus.Cli;

/// <summary>Ends the command cleanly on Ctrl-C, SIGTERM and SIGHUP: what is open is closed, and the exit code says which signal it
/// was.</summary>
/// <remarks>
/// While nothing has been entered to be closed, and at the second signal, the signal does what it always does. Signals are handled on a
/// thread of the runtime's. If the kernel allows none, each signal does what it always does, and the bus closes what was open. Any thread
/// may call.
/// </remarks>
internal sealed class Ending : IDisposable
{
    private const int HangUpNumber = 1;

    private static readonly (PosixSignal Signal, int Number)[] Signals =
        [(PosixSignal.SIGINT, 2), (PosixSignal.SIGTERM, 15), (PosixSignal.SIGHUP, HangUpNumber)];

    private readonly Lock _lock = new();
    private readonly List<Action> _closings = [];
    private readonly List<PosixSignalRegistration> _registrations = [];
    private int _signal;

    /// <summary>Begins to watch for signals.</summary>
    public Ending()
    {
        try
        {
            _registrations.AddRange(Signals.Select(s => PosixSignalRegistration.Create(s.Signal, c => c.Cancel = Begin(s.Number))));
        }
        catch (Exception e) when (e is TypeInitializationException { InnerException: IOException } or IOException or OutOfMemoryException)
        {
            // There is no thread for signals (ulimit -u).
        }
    }

    /// <summary>The exit code if a signal has come; null if none has.</summary>
    public int? ExitCode => Volatile.Read(ref _signal) is var number and not 0 ? Cli.ExitCode.OfSignal(number) : null;

    /// <summary>What SIGHUP does instead of ending the command; null (the default) for nothing else. It runs on a thread of the
    /// pool.</summary>
    public Action? HangUp { get; set; }

    /// <summary>Enters what is to be done at a signal, at once if one has come already. It is done once, newest first.</summary>
    public void Add(Action closing)
    {
        lock (_lock)
        {
            if (_signal == 0)
            {
                _closings.Add(closing);
                return;
            }
        }

        closing();
    }

    /// <summary>Takes back what was entered, because it has been closed in the ordinary way.</summary>
    public void Remove(Action closing)
    {
        lock (_lock)
        {
            _closings.Remove(closing);
        }
    }

    /// <summary>A signal has come.</summary>
    /// <returns>True if the command will end by itself now.</returns>
    internal bool Begin(int number)
    {
        if (number == HangUpNumber && HangUp is { } hangUp)
        {
            _ = Task.Run(hangUp);
            return true;
        }

        Action[] closings;
        lock (_lock)
        {
            if (_signal != 0 || _closings.Count == 0)
            {
                return false;
            }

            _signal = number;
            closings = [.. Enumerable.Reverse(_closings)];
        }

        foreach (Action closing in closings)
        {
            closing();
        }

        return true;
    }

    /// <summary>Leaves the signals alone again.</summary>
    public void Dispose() => _registrations.ForEach(r => r.Dispose());
}
