using Kbus.Linux;

namespace Kbus.Daemon;

/// <summary>What SIGHUP does: it reads the policy again if there is one. Without one, a service ignores it, and any other kbusd ends.</summary>
/// <remarks>
/// Looking up users may take long (LDAP). So one thread reads the policy, from the start on, and SIGTERM is obeyed meanwhile. Only a daemon with a policy
/// has this thread. The main thread calls.
/// </remarks>
internal sealed class HangUp : IDisposable
{
    private const string NoPolicy = "The policy cannot be read again";

    private readonly Daemon _daemon;
    private readonly StopRequest _stop;
    private readonly Descriptor? _bell;
    private volatile bool _isEnding;

    /// <summary>Starts the thread, if there is a policy.</summary>
    /// <exception cref="KbusdException">The kernel allows no further thread, or there are no descriptors left.</exception>
    public HangUp(Daemon daemon, StopRequest stop)
    {
        _daemon = daemon;
        _stop = stop;
        if (daemon.Policy is null)
        {
            return;
        }

        _bell = Needed.Descriptor(LibC.CreateEvent(), "eventfd2", NoPolicy);
        if (!Threads.TryStart("policy", Run))
        {
            _bell.Dispose();
            throw new KbusdException($"{NoPolicy}: there can be no further thread.");
        }
    }

    /// <summary>The signal came.</summary>
    public void Came()
    {
        if (_bell is { } bell)
        {
            _ = LibC.SignalEvent(bell.Number);
        }
        else if (ServiceActivation.IsSupervised)
        {
            _daemon.Log.HangUpIgnored();
        }
        else
        {
            _stop.Ask(ObeyedSignals.NameOf(LibC.HangUp));
        }
    }

    /// <summary>Ends the thread, when it has read what it is reading. Nobody waits for that.</summary>
    public void Dispose()
    {
        _isEnding = true;
        if (_bell is { } bell)
        {
            _ = LibC.SignalEvent(bell.Number);
        }
    }

    private void Run()
    {
        using Descriptor bell = _bell!;
        Span<byte> rings = stackalloc byte[sizeof(ulong)];
        while (true)
        {
            _ = LibC.Poll(bell.Number, LibC.PollIn, Deadline.Never);
            if (_isEnding)
            {
                return;
            }

            // Signals that come from here on cause another reading.
            _ = LibC.Read(bell.Number, rings);
            _ = _daemon.Frames.TryRun("the reading of the policy", _daemon, static daemon => daemon.ReloadPolicy());
        }
    }
}
