using Kbus.Hosts;
using Kbus.Linux;

namespace Kbus;

/// <summary>A message that waits for room (ALL_OR_WAIT), together with a caller who waits to hear what becomes of it.</summary>
/// <remarks>
/// Whoever is woken on the Ksock may try it again; the first final outcome is kept for the caller. Without this a reader's retry
/// would swallow the outcome.
/// </remarks>
internal sealed class WaitingSend(KsockHost host)
{
    private readonly Lock _lock = new();
    private bool _isWaiting;
    private bool _isGivenUp;

    /// <summary>The latest outcome: EAGAIN while it waits, ECANCELED if it was given up.</summary>
    public Errno Outcome { get; private set; } = Errno.EAGAIN;

    /// <summary>The bus has said EAGAIN: from now on it can be tried again.</summary>
    public void Start()
    {
        lock (_lock)
        {
            if (_isGivenUp)
            {
                host.Discard();
                Outcome = Errno.ECANCELED;
            }
            else
            {
                _isWaiting = true;
            }
        }
    }

    /// <summary>Tries it again, if it still waits.</summary>
    /// <param name="deadline">Until when a bus that stands still is waited for.</param>
    /// <returns>The latest outcome; EAGAIN also if the bus stands still.</returns>
    public Errno Retry(Deadline deadline)
    {
        lock (_lock)
        {
            if (_isWaiting)
            {
                Errno outcome = host.Retry(deadline, out _);
                Outcome = outcome is Errno.ETIMEDOUT or Errno.EINTR or Errno.EINPROGRESS ? Errno.EAGAIN : outcome;
                _isWaiting = Outcome == Errno.EAGAIN;
            }

            return Outcome;
        }
    }

    /// <summary>Gives it up, if it still waits, whether or not its sender has heard so: nobody will receive it.</summary>
    /// <returns>True if it was given up; false if its outcome was final before.</returns>
    public bool GiveUp()
    {
        lock (_lock)
        {
            if (!_isWaiting && !host.IsSending)
            {
                return false;
            }

            host.Discard();
            _isGivenUp = true;
            _isWaiting = false;
            Outcome = Errno.ECANCELED;
            return true;
        }
    }
}
