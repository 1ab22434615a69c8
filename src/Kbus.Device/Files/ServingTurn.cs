namespace Kbus.Device;

/// <summary>The right to serve requests: one thread at a time has it, and steps out of it while it reads a caller's memory.</summary>
/// <remarks>
/// Memory can be made to come as late as its owner likes, or never (userfaultfd, a file system of one's own). A thread that has been
/// out for too long is replaced by another, which goes on with the requests that came after; it ends when it has finished its own.
/// A user can keep only a few threads waiting like that: no more is read for such a user then. A thread counts while it is out, so that
/// whoever has got the answer can at once make the next call.
/// </remarks>
internal sealed class ServingTurn : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(200);

    private readonly DeviceFiles _files;
    private readonly TimeProvider _time;
    private ITimer? _watch;
    private uint _user;
    private bool _isOut;

    /// <summary>Makes the turn of one thread.</summary>
    public ServingTurn(DeviceFiles files, TimeProvider time)
    {
        _files = files;
        _time = time;
    }

    /// <summary>True if another thread serves in this one's place.</summary>
    public bool IsReplaced { get; private set; }

    /// <summary>True once no call may reach a bus any more.</summary>
    public bool HasEnded => _files.IsEnding;

    /// <summary>Gives the turn up for a while; whoever does so holds nothing and is inside no bus.</summary>
    /// <param name="user">Whose memory is to be read.</param>
    /// <returns>False, and the turn is kept, if too many threads wait for memory of this user already.</returns>
    public bool TryStepOut(uint user)
    {
        if (!_files.MayWaitFor(user))
        {
            return false;
        }

        _user = user;
        _isOut = true;
        if (IsReplaced)
        {
            _files.Stuck(user);
        }

        Watch(Patience);
        _files.Serving.Exit();
        return true;
    }

    /// <summary>Takes the turn again. Afterwards look at <see cref="HasEnded"/>.</summary>
    public void StepIn()
    {
        _files.Serving.Enter();
        _isOut = false;
        Watch(Timeout.InfiniteTimeSpan);
        if (IsReplaced)
        {
            _files.Unstuck(_user);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _watch?.Dispose();

    private void Watch(TimeSpan due)
    {
        try
        {
            _watch ??= _time.CreateTimer(static turn => ((ServingTurn)turn!).ReplaceIfStuck(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            _ = _watch.Change(due, Timeout.InfiniteTimeSpan);
        }
        catch (Exception e) when (e is OutOfMemoryException or ThreadStartException)
        {
            // The first timer of a process needs a thread. Without one, no other thread could serve either: others wait until the memory comes.
        }
    }

    /// <summary>The outermost frame of the timer.</summary>
    private void ReplaceIfStuck()
    {
        try
        {
            lock (_files.Serving)
            {
                if (_isOut && !IsReplaced)
                {
                    IsReplaced = _files.TryReplace(_user);
                }
            }
        }
        catch (Exception e)
        {
            _files.GaveUp(e);
        }
    }
}
