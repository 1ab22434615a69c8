using Kbus.Linux;

namespace Kbus.Link;

/// <summary>One side's mapping of the memory that a Ksock's process and its bus share.</summary>
/// <remarks>
/// <para>Each ring is mapped twice in a row, so that a record that begins near the end of the ring goes on behind it and never wraps. The
/// second copy of a ring and the first of the next are neighbours in the file as well, so four mappings do for all; a daemon with 10,000
/// Ksocks stays below the kernel's common limit of 65,530.</para>
/// <para>Rings and doorbells keep pointers into it. Dispose of it only when nobody uses them any more, because a use after that ends the process;
/// for the same reason there is no finalizer, who maps it disposes of it.</para>
/// </remarks>
internal sealed unsafe class SharedMemory : IDisposable
{
    private const int Seals = LibC.SealShrink | LibC.SealGrow | LibC.SealSeal;

    private MappedMemory _mapping;

    private SharedMemory(byte* start, nuint length, LinkLayout layout)
    {
        _mapping = new MappedMemory(start, length);
        Layout = layout;
    }

    /// <summary>Where everything is.</summary>
    public LinkLayout Layout { get; }

    /// <summary>The words of the header page.</summary>
    public LinkHeader Header => new(Start);

    /// <summary>The completion slots.</summary>
    internal byte* Completions => Start + LinkLayout.HeaderSize;

    /// <summary>The command ring, followed by itself.</summary>
    internal byte* Commands => Start + Layout.CommandRingOffset;

    /// <summary>The delivery ring, followed by itself.</summary>
    internal byte* Deliveries => Commands + (2 * (nint)Layout.CommandRingSize);

    /// <summary>The ring of a lane of deliveries, followed by itself.</summary>
    internal byte* RingOf(DeliveryLane lane) => lane == DeliveryLane.Messages ? Deliveries : Deliveries + (2 * (nint)Layout.DeliveryRingSize);

    private byte* Start => _mapping.Start;

    /// <summary>The bus's side: makes the memory and seals it, so that nobody can change its size. Zero or <c>-errno</c>.</summary>
    /// <param name="layout">The layout.</param>
    /// <param name="ksockId">The bus's number for the Ksock.</param>
    /// <param name="device">The number of the bus.</param>
    /// <param name="memory">The mapping.</param>
    /// <param name="file">The file to pass to the client, and then to close.</param>
    public static int Create(LinkLayout layout, uint ksockId, uint device, out SharedMemory? memory, out Descriptor? file)
    {
        memory = null;
        file = null;
        int number = LibC.CreateMemoryFile("kbus-link");
        if (number < 0)
        {
            return number;
        }

        var created = new Descriptor(number);
        int result = LibC.Truncate(number, layout.FileSize);
        if (result >= 0)
        {
            result = LibC.AddSeals(number, Seals);
        }

        if (result >= 0)
        {
            result = MapAll(number, layout, out memory);
        }

        if (result < 0)
        {
            created.Dispose();
            return result;
        }

        memory!.Header.Constants = new LinkConstants
        {
            Magic = LinkLayout.Magic,
            Version = LinkLayout.Version,
            KsockId = ksockId,
            Device = device,
            CompletionSlots = (uint)layout.CompletionSlots,
            CommandRingSize = (uint)layout.CommandRingSize,
            DeliveryRingSize = (uint)layout.DeliveryRingSize,
        };
        file = created;
        return 0;
    }

    /// <summary>The client's side: maps what the bus passed. Zero or <c>-errno</c>; EPROTO when it is not what the bus announced.</summary>
    /// <param name="file">The file, which the caller still owns.</param>
    /// <param name="layout">The layout that the bus announced.</param>
    /// <param name="memory">The mapping.</param>
    public static int Map(Descriptor file, LinkLayout layout, out SharedMemory? memory)
    {
        memory = null;

        // Checked before anything is touched: a file that can shrink could end this process by SIGBUS at any time later.
        int seals = LibC.GetSeals(file.Number);
        if (seals < 0 || (seals & Seals) != Seals || LibC.FileSize(file.Number) != layout.FileSize)
        {
            return -(int)Errno.EPROTO;
        }

        int result = MapAll(file.Number, layout, out SharedMemory? mapped);
        if (result < 0)
        {
            return result;
        }

        LinkConstants constants = mapped!.Header.Constants;
        bool agreed = constants.Magic == LinkLayout.Magic
            && constants.Version == LinkLayout.Version
            && constants.CompletionSlots == layout.CompletionSlots
            && constants.CommandRingSize == layout.CommandRingSize
            && constants.DeliveryRingSize == layout.DeliveryRingSize;
        if (!agreed)
        {
            mapped.Dispose();
            return -(int)Errno.EPROTO;
        }

        memory = mapped;
        return 0;
    }

    /// <summary>Unmaps the memory; the last who does lets go of it.</summary>
    public void Dispose() => _mapping.Unmap();

    private static int MapAll(int file, LinkLayout layout, out SharedMemory? memory)
    {
        memory = null;
        nuint first = (nuint)layout.DeliveryRingOffset;
        nuint second = (nuint)(layout.CommandRingSize + layout.DeliveryRingSize);
        nuint third = (nuint)(layout.DeliveryRingSize + LinkLayout.AnswerRingSize);
        nuint fourth = (nuint)LinkLayout.AnswerRingSize;
        nuint length = first + second + third + fourth;

        // Address space first, and then the file over it: nothing else can come to lie in between.
        int result = LibC.Map(
            null, length, LibC.ProtectNone, LibC.MapPrivate | LibC.MapAnonymous | LibC.MapNoReserve, -1, 0, out byte* start);
        if (result < 0)
        {
            return result;
        }

        result = MapPart(start, first, file, 0);
        if (result >= 0)
        {
            result = MapPart(start + first, second, file, layout.CommandRingOffset);
        }

        if (result >= 0)
        {
            result = MapPart(start + first + second, third, file, layout.DeliveryRingOffset);
        }

        if (result >= 0)
        {
            result = MapPart(start + first + second + third, fourth, file, layout.AnswerRingOffset);
        }

        if (result < 0)
        {
            _ = LibC.Unmap(start, length);
            return result;
        }

        memory = new SharedMemory(start, length, layout);
        return 0;
    }

    private static int MapPart(byte* at, nuint length, int file, long offset) =>
        LibC.Map(at, length, LibC.ProtectRead | LibC.ProtectWrite, LibC.MapShared | LibC.MapFixed, file, offset, out _);
}
