using Kbus.Linux;

namespace Kbus.Daemon;

/// <summary>The signals that kbusd obeys: SIGTERM, SIGINT and SIGHUP. The main thread receives them, so none needs a thread that the kernel may refuse.</summary>
/// <remarks>
/// All threads block them, from before the first one is started. A signal that comes early is received when kbusd serves. A signal that kbusd was
/// started to ignore stays ignored. Only the main thread calls, except <see cref="Ring"/>.
/// </remarks>
internal sealed class ObeyedSignals : IDisposable
{
    private const string NoSignals = "Signals cannot be received";

    private static readonly int[] All = [LibC.Terminate, LibC.Interrupt, LibC.HangUp];

    private readonly Descriptor _signals;
    private readonly Descriptor _bell;

    private ObeyedSignals(Descriptor signals, Descriptor bell)
    {
        _signals = signals;
        _bell = bell;
    }

    /// <summary>Has all threads block the signals. May execute the program again, once.</summary>
    /// <remarks>
    /// The shipped kbusd blocks them before its runtime starts (src/entry/program.c). Under the runtime of a plain build other threads exist already.
    /// They have them blocked after the program has executed itself again.
    /// </remarks>
    public static void BlockInAllThreads()
    {
        if (!LibC.Block([.. All, LibC.TerminalOutput]))
        {
            OwnProgram.BeginAnew();
        }
    }

    /// <summary>Prepares for receiving them.</summary>
    /// <exception cref="KbusdException">The kernel refuses a system call for it, or there are no descriptors left.</exception>
    public static ObeyedSignals Receive()
    {
        int[] obeyed = [.. All.Where(s => !LibC.IsIgnored(s))];
        Descriptor signals = Needed.Descriptor(LibC.CreateSignalDescriptor(obeyed), "signalfd4", NoSignals);
        try
        {
            return new ObeyedSignals(signals, Needed.Descriptor(LibC.CreateEvent(), "eventfd2", NoSignals));
        }
        catch
        {
            signals.Dispose();
            throw;
        }
    }

    /// <summary>The usual name of a signal.</summary>
    public static string NameOf(int signal) => signal switch
    {
        LibC.Terminate => "SIGTERM",
        LibC.Interrupt => "SIGINT",
        _ => "SIGHUP",
    };

    /// <summary>Makes <see cref="Next"/> return. Any thread may call.</summary>
    public void Ring() => _ = LibC.SignalEvent(_bell.Number);

    /// <summary>Waits for the next signal.</summary>
    /// <returns>Its number; zero if the bell was rung.</returns>
    public int Next()
    {
        Span<PollEntry> entries = [new() { Descriptor = _bell.Number, Events = LibC.PollIn }, new() { Descriptor = _signals.Number, Events = LibC.PollIn }];
        while (true)
        {
            _ = LibC.Poll(entries, LibC.Forever);
            if (entries[0].Reported != 0)
            {
                return 0;
            }

            if (LibC.TakeSignal(_signals.Number) is > 0 and int signal)
            {
                return signal;
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _signals.Dispose();
        _bell.Dispose();
    }
}
