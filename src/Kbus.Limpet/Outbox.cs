using Kbus.Core;

namespace Kbus.Limpets;

/// <summary>What waits to be written to the peer.</summary>
/// <remarks>
/// Whoever adds does not wait for the peer: one write is under way at a time, what is added meanwhile goes with the next. A write that ends
/// at once, as most do, costs no other thread. Any thread may call.
/// </remarks>
internal sealed class Outbox
{
    private const int SmallestBuffer = 64 * 1024;
    private const int WrittenAtOnce = 256 * 1024;
    private const int KeptBuffer = 4 * 1024 * 1024;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly Stream _stream;
    private readonly TimeProvider _time;
    private readonly int _limit;
    private readonly Action<Exception> _broken;
    private readonly object _lock = new();
    private byte[] _filling = new byte[SmallestBuffer];
    private byte[] _writing = new byte[SmallestBuffer];
    private int _filled;
    private int _left;
    private bool _isWriting;
    private bool _isBroken;
    private bool _isStuck;
    private long _progress;

    /// <summary>Begins empty.</summary>
    /// <param name="stream">Where to write.</param>
    /// <param name="limit">Bytes that may wait before it is full.</param>
    /// <param name="time">Tells how long the peer has taken nothing.</param>
    /// <param name="broken">Hears once that the stream does not take anything any more.</param>
    public Outbox(Stream stream, int limit, TimeProvider time, Action<Exception> broken)
    {
        _stream = stream;
        _limit = limit;
        _time = time;
        _broken = broken;
    }

    /// <summary>Bytes that wait.</summary>
    public long Waiting
    {
        get
        {
            lock (_lock)
            {
                return _filled + _left;
            }
        }
    }

    /// <summary>How long the peer has taken nothing although something waits.</summary>
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
        if (Waiting > _limit)
        {
            // What is not being written makes no room.
            Flush();
        }

        lock (_lock)
        {
            while (_filled + _left > _limit && !_isBroken)
            {
                TimeSpan left = Patience - _time.GetElapsedTime(_progress);
                if (_isStuck || left <= TimeSpan.Zero)
                {
                    _isStuck = true;
                    return false;
                }

                Monitor.Wait(_lock, left);
            }

            return true;
        }
    }

    /// <summary>Adds a message. It is written at the next <see cref="Flush"/>, or before.</summary>
    public void Add(in MessageHeader header, ReadOnlySpan<byte> name, ReadOnlySpan<byte> data)
    {
        int length = (int)Frame.Length((uint)name.Length, (uint)data.Length);
        lock (_lock)
        {
            if (_isBroken)
            {
                return;
            }

            int needed = checked(_filled + length);
            if (needed > _filling.Length)
            {
                Array.Resize(ref _filling, (int)Math.Min(Math.Max(needed, 2L * _filling.Length), Array.MaxLength));
            }

            Frame.Write(_filling.AsSpan(_filled, length), header, name, data);
            _filled = needed;
        }
    }

    /// <summary>Writes what waits, without waiting for the peer.</summary>
    public void Flush()
    {
        lock (_lock)
        {
            if (_isWriting || _filled == 0 || _isBroken)
            {
                return;
            }

            _isWriting = true;
            _progress = _time.GetTimestamp();
        }

        _ = WriteAllAsync();
    }

    /// <summary>Writes what waits and waits until it is written.</summary>
    /// <param name="limit">How long at most.</param>
    public void Drain(TimeSpan limit)
    {
        Flush();
        long since = _time.GetTimestamp();
        lock (_lock)
        {
            while (_isWriting && !_isBroken && _time.GetElapsedTime(since) < limit)
            {
                Monitor.Wait(_lock, limit);
            }
        }
    }

    private async Task WriteAllAsync()
    {
        try
        {
            while (TakeFilled(out int length))
            {
                for (int start = 0; start < length; start += WrittenAtOnce)
                {
                    int count = Math.Min(WrittenAtOnce, length - start);
                    await _stream.WriteAsync(_writing.AsMemory(start, count)).ConfigureAwait(false);
                    Progress(length - start - count);
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
            length = _filled;
            if (length == 0)
            {
                _isWriting = false;
                Monitor.PulseAll(_lock);
                return false;
            }

            (_filling, _writing) = (_writing, _filling);
            if (_filling.Length > KeptBuffer)
            {
                _filling = new byte[SmallestBuffer];
            }

            _left = length;
            _filled = 0;
            return true;
        }
    }

    private void Progress(int left)
    {
        lock (_lock)
        {
            _left = left;
            _progress = _time.GetTimestamp();
            _isStuck = false;
            Monitor.PulseAll(_lock);
        }
    }

    private void Break()
    {
        lock (_lock)
        {
            _isBroken = true;
            _isWriting = false;
            _filled = 0;
            _left = 0;
            Monitor.PulseAll(_lock);
        }
    }
}
