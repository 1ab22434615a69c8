using Kbus.Linux;

namespace Kbus.Daemon;

/// <summary>Repairs the directory: makes its lock and sockets again if they are removed. Belongs to the listening thread.</summary>
internal sealed class DirectoryMending : IDisposable
{
    private readonly ServingDirectory _directory;
    private readonly DirectoryWatch _watch;
    private readonly Log _log;
    private MendingPace _pace = new();
    private string _lastTrouble = string.Empty;

    // Without a watch the directory is checked again and again, ever less often.
    private int _watchFailure;

    /// <summary>Makes it; nothing is watched yet.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="epoll">The epoll set that reports changes.</param>
    /// <param name="token">The number that it reports.</param>
    /// <param name="log">The log.</param>
    public DirectoryMending(ServingDirectory directory, int epoll, ulong token, Log log)
    {
        _directory = directory;
        _watch = new DirectoryWatch(epoll, token);
        _log = log;
    }

    /// <summary>The time until the directory must be checked; -1 if it need not be.</summary>
    public long NanosecondsLeft => _pace.Left(LibC.MonotonicNanoseconds());

    /// <summary>Begins to watch the directory.</summary>
    public void Begin()
    {
        Watch(isMissing: false);

        // Finds what was removed before the watch began.
        _pace.Noticed(LibC.MonotonicNanoseconds());
    }

    /// <summary>A change was reported.</summary>
    public void Noticed() => _pace.Noticed(LibC.MonotonicNanoseconds());

    /// <summary>Checks the directory if that is due, and makes again what is missing.</summary>
    /// <param name="replacing">Called with a socket and its replacement.</param>
    /// <returns>Why the daemon must end; null if it need not.</returns>
    public string? MendIfDue(Action<ListeningSocket, Descriptor> replacing)
    {
        if (!_pace.IsDue(LibC.MonotonicNanoseconds()))
        {
            return null;
        }

        Watch(isMissing: _lastTrouble.Length > 0);
        Mending mending = _directory.Mend(replacing);
        _pace.Looked(LibC.MonotonicNanoseconds(), again: mending.Outcome is MendingOutcome.Mended or MendingOutcome.Waiting || _watchFailure != 0);
        if (mending.Outcome == MendingOutcome.Mended)
        {
            // Its directory may be another one now.
            Watch(isMissing: false);
            _log.Mended(_directory.Path, mending.What);
        }

        string trouble = mending.Outcome == MendingOutcome.Waiting ? mending.What : string.Empty;
        if (trouble.Length > 0 && trouble != _lastTrouble)
        {
            Watch(isMissing: true);
            _log.CannotMend(trouble);
        }

        _lastTrouble = trouble;
        return mending.Outcome == MendingOutcome.Lost ? mending.What : null;
    }

    /// <summary>Stops watching.</summary>
    public void Dispose() => _watch.Dispose();

    private void Watch(bool isMissing)
    {
        // A directory that has gone cannot be watched. The check that follows makes another one.
        int result = _watch.Set(_directory.Path, _directory.Number, isMissing);
        int failure = result is < 0 and not -(int)Errno.ENOENT ? result : 0;
        if (failure != _watchFailure && failure != 0)
        {
            _log.CannotWatch(_directory.Path, failure);
        }

        _watchFailure = failure;
    }
}
