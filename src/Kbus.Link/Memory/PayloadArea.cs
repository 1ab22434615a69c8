using Kbus.Linux;

namespace Kbus.Link;

/// <summary>The bus's side of memory for big payloads: the bus writes there once, every recipient maps it read-only.</summary>
/// <remarks>
/// <para>Sealed against writing by mappings made later, so no recipient can change what another reads (P8), and against resizing. The
/// owner's thread calls everything.</para>
/// <para>The same seal forbids punching holes: the kernel refuses to give parts of the file's memory back. An area is reused as it is;
/// to give its memory back, dispose of it when it is wholly free. The memory goes when the last recipient has unmapped it too.</para>
/// </remarks>
internal sealed unsafe class PayloadArea : IDisposable
{
    private readonly ExtentAllocator _extents;
    private MappedMemory _mapping;

    private PayloadArea(Descriptor file, byte* start, long size)
    {
        File = file;
        _mapping = new MappedMemory(start, (nuint)size);
        _extents = new ExtentAllocator(size);
    }

    /// <summary>The file to pass to recipients.</summary>
    public Descriptor File { get; }

    /// <summary>Bytes in all.</summary>
    public long Size => _extents.Size;

    /// <summary>Bytes not handed out.</summary>
    public long FreeBytes => _extents.FreeBytes;

    /// <summary>Whether nothing is handed out.</summary>
    public bool IsWhollyFree => _extents.IsWhollyFree;

    /// <summary>Makes an area. Zero or <c>-errno</c>.</summary>
    /// <param name="size">Its bytes, rounded up to whole pages and <see cref="ExtentAllocator.Granularity"/>.</param>
    /// <param name="area">The area.</param>
    public static int Create(long size, out PayloadArea? area)
    {
        area = null;
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(size);
        long unit = Math.Max(Environment.SystemPageSize, ExtentAllocator.Granularity);
        long rounded = (size + unit - 1) & -unit;
        int number = LibC.CreateMemoryFile("kbus-payload");
        if (number < 0)
        {
            return number;
        }

        var file = new Descriptor(number);
        byte* start = null;
        int result = LibC.Truncate(number, rounded);
        if (result >= 0)
        {
            // Our own mapping comes before the seal, which holds for later ones only.
            result = LibC.Map(null, (nuint)rounded, LibC.ProtectRead | LibC.ProtectWrite, LibC.MapShared, number, 0, out start);
        }

        if (result >= 0)
        {
            result = LibC.AddSeals(number, LibC.SealShrink | LibC.SealGrow | LibC.SealFutureWrite | LibC.SealSeal);
            if (result < 0)
            {
                _ = LibC.Unmap(start, (nuint)rounded);
            }
        }

        if (result < 0)
        {
            file.Dispose();
            return result;
        }

        area = new PayloadArea(file, start, rounded);
        return 0;
    }

    /// <summary>Hands out room for that many bytes; false when there is none in one piece.</summary>
    public bool TryAllocate(long length, out PayloadExtent extent) => _extents.TryAllocate(length, out extent);

    /// <summary>The bytes of a part that was handed out.</summary>
    public Span<byte> Bytes(PayloadExtent extent)
    {
        byte* start = _mapping.Start;
        ArgumentOutOfRangeException.ThrowIfNegative(extent.Offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((ulong)extent.Length, (ulong)Size);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(extent.Offset, Size - extent.Length);
        return new Span<byte>(start + extent.Offset, checked((int)extent.Length));
    }

    /// <summary>Takes back a part exactly as it was handed out; nobody may read it any more.</summary>
    public void Free(PayloadExtent extent) => _extents.Free(extent);

    /// <summary>Lets go of the mapping and the file.</summary>
    public void Dispose()
    {
        _mapping.Unmap();
        File.Dispose();
    }
}
