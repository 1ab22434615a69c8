using Kbus.Linux;

namespace Kbus.Link;

/// <summary>A recipient's side of memory for big payloads: mapped read-only.</summary>
/// <remarks>Spans into it must not be used after it is disposed of.</remarks>
internal sealed unsafe class PayloadView : IDisposable
{
    private const int Seals = LibC.SealShrink | LibC.SealGrow | LibC.SealFutureWrite;

    private MappedMemory _mapping;

    private PayloadView(byte* start, long size)
    {
        _mapping = new MappedMemory(start, (nuint)size);
        Size = size;
    }

    /// <summary>Bytes in all.</summary>
    public long Size { get; }

    /// <summary>Maps an area that the bus passed. Zero or <c>-errno</c>; EPROTO when it is not what the bus announced.</summary>
    /// <param name="file">The file, which the caller still owns and may close afterwards.</param>
    /// <param name="size">The size that the bus announced.</param>
    /// <param name="view">The mapping.</param>
    public static int Map(Descriptor file, long size, out PayloadView? view)
    {
        view = null;
        int seals = LibC.GetSeals(file.Number);
        if (size <= 0 || seals < 0 || (seals & Seals) != Seals || LibC.FileSize(file.Number) != size)
        {
            return -(int)Errno.EPROTO;
        }

        int result = LibC.Map(null, (nuint)size, LibC.ProtectRead, LibC.MapShared, file.Number, 0, out byte* start);
        if (result >= 0)
        {
            view = new PayloadView(start, size);
        }

        return result;
    }

    /// <summary>The bytes at a place that the bus named; false when the place is not inside the area.</summary>
    public bool TryGet(long offset, long length, out ReadOnlySpan<byte> bytes)
    {
        byte* start = _mapping.Start;
        if (offset < 0 || length < 0 || length > int.MaxValue || length > Size || offset > Size - length)
        {
            bytes = default;
            return false;
        }

        bytes = new ReadOnlySpan<byte>(start + offset, (int)length);
        return true;
    }

    /// <summary>Lets go of the mapping.</summary>
    public void Dispose() => _mapping.Unmap();
}
