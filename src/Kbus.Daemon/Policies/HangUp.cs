namespace Kbus.Daemon;

/// <summary>What SIGHUP does: it reads the policy again if there is one. Without one, a service ignores it, and any other kbusd ends.</summary>
/// <remarks>It exists before the daemon, so that a signal during the start is not lost. It takes effect when the daemon serves.</remarks>
internal sealed class HangUp(Log log, StopRequest stop)
{
    private readonly Lock _lock = new();
    private bool _hasPolicy;
    private bool _isPending;
    private Daemon? _daemon;

    /// <summary>The options are known: whether there is a policy.</summary>
    public void Expect(bool hasPolicy)
    {
        lock (_lock)
        {
            _hasPolicy = hasPolicy;
        }
    }

    /// <summary>The daemon serves.</summary>
    public void Serve(Daemon daemon)
    {
        lock (_lock)
        {
            _daemon = daemon;
            if (!_isPending)
            {
                return;
            }
        }

        Came();
    }

    /// <summary>The signal came. Not on a bus's thread.</summary>
    public void Came()
    {
        Daemon? daemon;
        lock (_lock)
        {
            daemon = _daemon;
            _isPending = _hasPolicy && daemon is null;
            if (_isPending)
            {
                return;
            }
        }

        if (daemon?.ReloadPolicy() == true)
        {
            return;
        }

        if (ServiceActivation.IsSupervised)
        {
            log.HangUpIgnored();
        }
        else
        {
            stop.Ask("SIGHUP");
        }
    }
}
