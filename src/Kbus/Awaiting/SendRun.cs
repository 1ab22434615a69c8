using Kbus.Hosts;

namespace Kbus;

/// <summary>Messages that are posted together (<see cref="KsockHost.PostAll"/>), and what became of each.</summary>
/// <remarks>
/// The thread that posts them says which were not handed to the bus, and then how many were. The others hear from the bus in their
/// order, from whichever thread passes outcomes on; so each outcome belongs to the first message that has none yet.
/// </remarks>
internal class SendRun : IPostedSend
{
    private const Errno Open = (Errno)(-1);
    private SendOutcome[] _outcomes = [];
    private int _next;
    private int _heard;
    private int _awaited;

    /// <summary>How many messages there are.</summary>
    public int Count { get; private set; }

    /// <summary>What became of each.</summary>
    public ReadOnlySpan<SendOutcome> Outcomes => _outcomes.AsSpan(0, Count);

    /// <summary>Whether the outcomes of all that were posted are there.</summary>
    protected bool IsDone => Volatile.Read(ref _heard) == Volatile.Read(ref _awaited);

    /// <summary>Whether this was the outcome of the last message, if none has failed.</summary>
    protected bool MayBeDone => _heard == Count;

    /// <summary>Whether any was not handed to the bus.</summary>
    protected bool AnyFailed { get; private set; }

    /// <summary>Makes it ready for so many messages.</summary>
    public void Begin(int count)
    {
        Count = count;
        if (_outcomes.Length < Count)
        {
            _outcomes = new SendOutcome[Math.Max(Count, 2 * _outcomes.Length)];
        }

        _outcomes.AsSpan(0, Count).Fill(new SendOutcome(Open, default));
        _next = 0;
        _heard = 0;
        _awaited = int.MaxValue;
        AnyFailed = false;
    }

    /// <summary>A message was not handed to the bus.</summary>
    public void Fail(int index, Errno error)
    {
        _outcomes[index] = new SendOutcome(error, default);
        AnyFailed = true;
    }

    /// <summary>Some messages were not handed to the bus.</summary>
    /// <param name="first">The first of them.</param>
    /// <param name="end">Behind the last of them.</param>
    /// <param name="error">Why not.</param>
    public void Fail(int first, int end, Errno error)
    {
        for (int i = first; i < end; i++)
        {
            Fail(i, error);
        }
    }

    /// <summary>The next message without an outcome is not waited for any longer. Under the lock under which <see cref="Complete"/> is called.</summary>
    /// <param name="isWithdrawn">Whether it will surely not be sent.</param>
    public void Withdrew(bool isWithdrawn)
    {
        while (_outcomes[_next].Error != Open)
        {
            _next++;
        }

        _outcomes[_next++] = new SendOutcome(isWithdrawn ? Errno.EINTR : Errno.EINPROGRESS, default);
    }

    /// <summary>All have been posted or have failed.</summary>
    /// <param name="posted">How many the bus will answer.</param>
    public void Posted(int posted) => Volatile.Write(ref _awaited, posted);

    /// <inheritdoc/>
    public virtual void Complete(ReadOnlySpan<SendOutcome> outcomes)
    {
        SendOutcome[] all = _outcomes;
        int next = _next;
        foreach (SendOutcome outcome in outcomes)
        {
            while (next < Count && all[next].Error != Open)
            {
                next++;
            }

            if (next == Count)
            {
                // Nobody waits for them any more.
                return;
            }

            all[next++] = outcome;
        }

        _next = next;
        Volatile.Write(ref _heard, _heard + outcomes.Length);
    }

    /// <summary>Waits for the end of the last <see cref="Complete"/>, which another thread has begun.</summary>
    public void WaitUntilTold()
    {
        var spin = default(SpinWait);
        while (!IsDone)
        {
            spin.SpinOnce();
        }
    }
}
