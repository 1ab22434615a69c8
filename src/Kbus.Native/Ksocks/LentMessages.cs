namespace Kbus.Native;

/// <summary>The messages that a C program has borrowed from a Ksock.</summary>
/// <remarks>
/// They lie in buffers that do not move and are used again and again; but data may be read where the bus put them. The lock is held while
/// a thread waits for messages: only one may borrow.
/// </remarks>
internal sealed class LentMessages(BareKsock bare) : IDisposable
{
    private const int MostAtOnce = 256;
    private readonly Lock _lock = new();
    private MessageBuffer[] _buffers = [];
    private int _lent;

    /// <summary>Takes messages, as many as are there, and gives back those that were lent before.</summary>
    /// <param name="wait">How long to wait for one; null for ever.</param>
    /// <param name="messages">Where the pointers go; at least one.</param>
    /// <param name="count">How many are lent.</param>
    /// <returns>None, ENOMSG if there is none, EINTR, ENODEV or EBADF.</returns>
    public Errno Borrow(TimeSpan? wait, Span<nint> messages, out int count)
    {
        lock (_lock)
        {
            int most = Math.Min(messages.Length, MostAtOnce);
            Grow(most);
            GiveBack(most);
            Errno error = bare.TakeOrWait(_buffers.AsSpan(0, most), wait, out count);
            for (int i = 0; i < count; i++)
            {
                messages[i] = _buffers[i].MakePointy();
            }

            _lent = count;
            return error;
        }
    }

    /// <summary>Gives back what is lent, if anything.</summary>
    public void GiveBack()
    {
        lock (_lock)
        {
            GiveBack(0);
        }
    }

    /// <summary>Gives back what is lent, and the buffers.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            GiveBack(0);
            _buffers = [];
        }
    }

    /// <summary>Gives back what is lent beyond the first, which whoever takes messages gives back.</summary>
    private void GiveBack(int first)
    {
        for (int i = first; i < _lent; i++)
        {
            _buffers[i].Clear();
        }

        _lent = 0;
    }

    private void Grow(int count)
    {
        int before = _buffers.Length;
        if (before < count)
        {
            Array.Resize(ref _buffers, count);
            for (int i = before; i < count; i++)
            {
                _buffers[i] = MessageBuffer.Pinned();
            }
        }
    }
}
