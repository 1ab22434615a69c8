namespace Kbus.Link;

/// <summary>Hands out parts of a range of bytes, first fit, and joins what comes back with its free neighbours.</summary>
/// <remarks>
/// Knows numbers only, no memory. Always true: the free parts are sorted, do not touch each other, and with the parts handed out they
/// make up the whole range. The owner's thread calls; nothing is allocated once the list of free parts has grown.
/// </remarks>
internal sealed class ExtentAllocator
{
    /// <summary>Parts begin at and are as long as multiples of this, so that no two share a page.</summary>
    public const int Granularity = 4096;

    private readonly List<PayloadExtent> _free = [];

    /// <summary>An allocator for that many bytes, a multiple of <see cref="Granularity"/>.</summary>
    public ExtentAllocator(long size)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(size);
        ArgumentOutOfRangeException.ThrowIfNotEqual(size % Granularity, 0);
        Size = size;
        FreeBytes = size;
        _free.Add(new PayloadExtent(0, size));
    }

    /// <summary>Bytes in all.</summary>
    public long Size { get; }

    /// <summary>Bytes not handed out, perhaps in many parts.</summary>
    public long FreeBytes { get; private set; }

    /// <summary>Whether everything is free.</summary>
    public bool IsWhollyFree => FreeBytes == Size;

    /// <summary>The number of free parts.</summary>
    internal int FreeParts => _free.Count;

    /// <summary>Hands out a part of at least that length; false when no free part is long enough.</summary>
    public bool TryAllocate(long length, out PayloadExtent extent)
    {
        extent = default;
        if (length <= 0 || length > Size)
        {
            return false;
        }

        long rounded = (length + Granularity - 1) & -Granularity;
        for (int i = 0; i < _free.Count; i++)
        {
            PayloadExtent part = _free[i];
            if (part.Length < rounded)
            {
                continue;
            }

            if (part.Length == rounded)
            {
                _free.RemoveAt(i);
            }
            else
            {
                _free[i] = new PayloadExtent(part.Offset + rounded, part.Length - rounded);
            }

            FreeBytes -= rounded;
            extent = new PayloadExtent(part.Offset, rounded);
            return true;
        }

        return false;
    }

    /// <summary>Takes back a part exactly as it was handed out.</summary>
    /// <exception cref="InvalidOperationException">Some of it is free already: our own fault.</exception>
    public void Free(PayloadExtent extent)
    {
        int next = FirstAtOrBehind(extent.Offset);
        bool sound = extent.Length > 0
            && extent.Offset >= 0
            && extent.Offset <= Size - extent.Length
            && ((extent.Offset | extent.Length) & (Granularity - 1)) == 0
            && (next == _free.Count || extent.Offset + extent.Length <= _free[next].Offset)
            && (next == 0 || _free[next - 1].Offset + _free[next - 1].Length <= extent.Offset);
        if (!sound)
        {
            throw new InvalidOperationException($"Not handed out: {extent.Length} bytes at {extent.Offset}.");
        }

        FreeBytes += extent.Length;
        bool joinsNext = next < _free.Count && extent.Offset + extent.Length == _free[next].Offset;
        bool joinsPrevious = next > 0 && _free[next - 1].Offset + _free[next - 1].Length == extent.Offset;
        long length = extent.Length + (joinsNext ? _free[next].Length : 0);
        if (joinsPrevious)
        {
            PayloadExtent previous = _free[next - 1];
            _free[next - 1] = new PayloadExtent(previous.Offset, previous.Length + length);
            if (joinsNext)
            {
                _free.RemoveAt(next);
            }
        }
        else if (joinsNext)
        {
            _free[next] = new PayloadExtent(extent.Offset, length);
        }
        else
        {
            _free.Insert(next, extent);
        }
    }

    private int FirstAtOrBehind(long offset)
    {
        int low = 0;
        int high = _free.Count;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (_free[middle].Offset < offset)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }
}
