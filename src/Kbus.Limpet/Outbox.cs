namespace Kbus.Limpets;

/// <summary>What waits to be written to the peer.</summary>
/// <remarks>
/// Whoever adds does not wait for the peer: one write is under way at a time, what is added meanwhile goes with the next. A write that ends
/// at once, as most do, costs no other thread. Any thread may call.
/// </remarks>
internal sealed class Outbox
{
    private const int WrittenAtOnce = 256 * 1024;

    /// <summary>The same for a stream that says nothing until all of it has been taken: the peer's progress is not to be missed.</summary>
    private const int WrittenAtOnceBlindly = 16 * 1024;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly Stream _stream;
    private readonly TimeProvider _time;
    private readonly int _limit;
    private readonly int _atOnce;
    private readonly Action<Exception> _broken;
    private readonly Lock _lock = new();
    private readonly object _progressed = new();
    private FrameWriter _filling = new();
    private FrameWriter _writing = new();
    private int _left;
    private long _waiting;
    private long _written;
    private bool _isWriting;
    private bool _isBroken;
    private bool _isStuck;
    private long _progress;

    /// <summary>Begins empty.</summary>
    /// <param name="stream">Where to write.</param>
    /// <param name="limit">Bytes that may wait before it is full.</param>
    /// <param name="time">The source of time, for how long the peer has taken nothing.</param>
    /// <param name="broken">Called once, when the stream accepts nothing any more.</param>
    public Outbox(Stream stream, int limit, TimeProvider time, Action<Exception> broken)
    {
        _stream = stream;
        _limit = limit;
        _time = time;
        _broken = broken;
        _atOnce = WrittenAtOnceBlindly;
        if (stream is IProgressing progressing)
        {
            _atOnce = WrittenAtOnce;
            progressing.Progressed = NoteProgress;
        }
    }

    /// <summary>Bytes that wait.</summary>
    public long Waiting => Volatile.Read(ref _waiting);

    /// <summary>Bytes that the stream has taken.</summary>
    public long Written => Volatile.Read(ref _written);

    /// <summary>Bytes of its buffers, whether anything waits in them or not.</summary>
    public long Capacity
    {
        get
        {
            lock (_lock)
            {
                return (long)_filling.Capacity + _writing.Capacity;
            }
        }
    }

    /// <summary>Whether it is not full.</summary>
    public bool HasRoom => Waiting <= _limit;

    /// <summary>The time for which the peer has taken nothing although something waits.</summary>
    public TimeSpan StalledFor
    {
        get
        {
            lock (_lock)
            {
                return _isWriting ? _time.GetElapsedTime(_progress) : TimeSpan.Zero;
            }
        }
    }

    /// <summary>Waits, a second at most, until it is not full any more.</summary>
    /// <returns>False if it is full and the peer takes nothing.</returns>
    public bool WaitForRoom()
    {
        while (!HasRoom)
        {
            // Only a write makes room.
            Flush();
            TimeSpan left;
            lock (_lock)
            {
                if (_isBroken || _filling.Count + _left <= _limit)
                {
                    break;
                }

                left = Patience - _time.GetElapsedTime(_progress);
                if (_isStuck || left <= TimeSpan.Zero)
                {
                    _isStuck = true;
                    return false;
                }
            }

            WaitWhileOver(_limit, left);
        }

        return true;
    }

    /// <summary>Takes frames over, leaving their writer empty. They are written at the next <see cref="Flush"/>, or before.</summary>
    /// <param name="frames">The frames; it comes back as another, empty one.</param>
    public void Take(ref FrameWriter frames)
    {
        lock (_lock)
        {
            if (_isBroken)
            {
                // Nobody will read them.
            }
            else if (_filling.Count == 0)
            {
                (_filling, frames) = (frames, _filling);
            }
            else
            {
                _filling.Add(frames.Bytes);
            }

            frames.Clear();
            Volatile.Write(ref _waiting, _filling.Count + _left);
        }
    }

    /// <summary>Writes what waits, without waiting for the peer.</summary>
    public void Flush()
    {
        lock (_lock)
        {
            if (_isWriting || _filling.Count == 0 || _isBroken)
            {
                return;
            }

            _isWriting = true;
            _progress = _time.GetTimestamp();
        }

        _ = WriteAllAsync();
    }

    /// <summary>Writes what waits and waits until it is written.</summary>
    /// <param name="limit">The longest time.</param>
    public void Drain(TimeSpan limit)
    {
        long since = _time.GetTimestamp();
        for (TimeSpan left = limit; left > TimeSpan.Zero && Waiting > 0; left = limit - _time.GetElapsedTime(since))
        {
            Flush();
            WaitWhileOver(0, left);
        }
    }

    private void WaitWhileOver(long bytes, TimeSpan limit)
    {
        lock (_progressed)
        {
            if (Waiting > bytes)
            {
                Monitor.Wait(_progressed, limit);
            }
        }
    }

    private void TellProgress()
    {
        lock (_progressed)
        {
            Monitor.PulseAll(_progressed);
        }
    }

    private async Task WriteAllAsync()
    {
        try
        {
            while (TakeFilled(out int length))
            {
                for (int start = 0; start < length; start += _atOnce)
                {
                    int count = Math.Min(_atOnce, length - start);
                    await _stream.WriteAsync(_writing.Memory(start, count)).ConfigureAwait(false);
                    Progress(count, length - start - count);
                }
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException or NotSupportedException)
        {
            Break();
            _broken(e);
        }
    }

    private bool TakeFilled(out int length)
    {
        lock (_lock)
        {
            _writing.Clear();
            length = _filling.Count;
            if (length == 0)
            {
                _isWriting = false;
                return false;
            }

            (_filling, _writing) = (_writing, _filling);
            _left = length;
            return true;
        }
    }

    private void NoteProgress()
    {
        lock (_lock)
        {
            _progress = _time.GetTimestamp();
            _isStuck = false;
        }
    }

    private void Progress(int written, int left)
    {
        lock (_lock)
        {
            Volatile.Write(ref _written, _written + written);
            _left = left;
            _progress = _time.GetTimestamp();
            _isStuck = false;
            Volatile.Write(ref _waiting, _filling.Count + _left);
        }

        TellProgress();
    }

    private void Break()
    {
        lock (_lock)
        {
            _isBroken = true;
            _isWriting = false;
            _filling.Clear();
            _left = 0;
            Volatile.Write(ref _waiting, 0);
        }

        TellProgress();
    }
}
