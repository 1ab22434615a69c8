using Kbus.Linux;

namespace Kbus.Link.Tests;

public sealed unsafe class SharedMemoryTests
{
    [Fact]
    public void The_rings_are_followed_by_themselves_and_seen_by_the_other_side()
    {
        using var link = new LinkPair(slots: 128, commandRing: 8192, deliveryRing: 16384);
        for (int at = 0; at < 8192; at += 4096)
        {
            link.Client.Commands[at + 17] = (byte)(1 + (at / 4096));
            Assert.Equal(1 + (at / 4096), link.Bus.Commands[at + 17]);
            Assert.Equal(1 + (at / 4096), link.Bus.Commands[8192 + at + 17]);
        }

        for (int at = 0; at < 16384; at += 4096)
        {
            link.Bus.Deliveries[16384 + at + 5] = (byte)(100 + (at / 4096));
            Assert.Equal(100 + (at / 4096), link.Client.Deliveries[at + 5]);
            Assert.Equal(100 + (at / 4096), link.Client.Deliveries[16384 + at + 5]);
        }

        for (int at = 0; at < LinkLayout.AnswerRingSize; at += 4096)
        {
            link.Bus.RingOf(DeliveryLane.Answers)[LinkLayout.AnswerRingSize + at + 9] = (byte)(200 + (at / 4096));
            Assert.Equal(200 + (at / 4096), link.Client.RingOf(DeliveryLane.Answers)[at + 9]);
            Assert.Equal(200 + (at / 4096), link.Client.RingOf(DeliveryLane.Answers)[LinkLayout.AnswerRingSize + at + 9]);
        }

        Assert.Equal(0, link.Bus.Commands[4096 + 18]);
        link.Bus.Completions[0] = 9;
        Assert.Equal(9, link.Client.Completions[0]);
        Assert.Equal(7u, link.Client.Header.Constants.KsockId);
    }

    [Fact]
    public void A_link_takes_four_mappings()
    {
        using var link = new LinkPair(slots: 128, commandRing: 8192, deliveryRing: 16384);
        nint start = (nint)link.Bus.Completions - LinkLayout.HeaderSize;
        nint end = (nint)link.Bus.RingOf(DeliveryLane.Answers) + (2 * LinkLayout.AnswerRingSize);
        int mappings = 0;
        foreach (string line in File.ReadLines("/proc/self/maps"))
        {
            nint from = nint.Parse(line.AsSpan(0, line.IndexOf('-', StringComparison.Ordinal)), System.Globalization.NumberStyles.HexNumber);
            mappings += from >= start && from < end ? 1 : 0;
        }

        Assert.Equal(4, mappings);
    }

    [Fact]
    public void Words_that_one_side_writes_are_on_cache_lines_of_their_own()
    {
        using var link = new LinkPair();
        LinkHeader header = link.Bus.Header;
        fixed (ulong* commandTail = &header.CommandTail, commandHead = &header.CommandHead, deliveryHead = &header.DeliveryHeadWord())
        fixed (ulong* deliveryTail = &header.DeliveryTail(0), otherTail = &header.DeliveryTail(1))
        fixed (uint* wants = &header.ClientWants, sleeper = &header.CompletionSleeper, bell = &header.BusWantsBell)
        fixed (uint* futex = &header.CompletionFutex, flags = &header.DeliveryFlagsWord(), largest = &header.MaxMessageSize)
        fixed (ulong* answerHead = &header.DeliveryHeadWord(DeliveryLane.Answers), answerTail = &header.DeliveryTail(1, DeliveryLane.Answers))
        fixed (uint* answerFlags = &header.DeliveryFlagsWord(DeliveryLane.Answers), fault = &header.Fault)
        {
            nint[] words =
            [
                (nint)commandTail, (nint)commandHead, (nint)deliveryHead, (nint)deliveryTail, (nint)wants,
                (nint)sleeper, (nint)bell, (nint)futex, (nint)flags,
                (nint)answerHead, (nint)answerTail, (nint)answerFlags,
            ];
            Assert.Equal(words.Length, words.Select(word => word / 128).Distinct().Count());
            Assert.Equal((nint)deliveryTail / 128, (nint)otherTail / 128);
            Assert.Equal(3, new[] { (nint)flags, (nint)largest, (nint)fault }.Distinct().Count());
        }
    }

    [Fact]
    public void Memory_that_can_shrink_is_not_mapped()
    {
        LinkLayout layout = LinkLayout.TryCreate(128, 4096, 4096)!;
        using var file = new Descriptor(Check.Ok(LibC.CreateMemoryFile("test")));
        Check.Ok(LibC.Truncate(file.Number, layout.FileSize));
        Check.Ok(LibC.AddSeals(file.Number, LibC.SealGrow));
        Check.Fails(Errno.EPROTO, SharedMemory.Map(file, layout, out SharedMemory? memory));
        Assert.Null(memory);
    }

    [Fact]
    public void A_file_that_is_not_of_memory_is_not_mapped()
    {
        using var folder = new RuntimeFolder();
        LinkLayout layout = LinkLayout.TryCreate(128, 4096, 4096)!;
        using var file = new Descriptor(
            Check.Ok(LibC.Open(folder.File("disk"), LibC.OpenCreate | LibC.OpenReadWrite, 0x180)));
        Check.Ok(LibC.Truncate(file.Number, layout.FileSize));
        Check.Fails(Errno.EPROTO, SharedMemory.Map(file, layout, out _));
        using var counter = new Descriptor(Check.Ok(LibC.CreateEvent()));
        Check.Fails(Errno.EPROTO, SharedMemory.Map(counter, layout, out _));
    }

    [Fact]
    public void Memory_of_another_size_or_layout_is_not_mapped()
    {
        LinkLayout layout = LinkLayout.TryCreate(128, 4096, 8192)!;
        Check.Ok(SharedMemory.Create(layout, 1, 0, out SharedMemory? bus, out Descriptor? file));
        using (bus)
        using (file)
        {
            Check.Fails(Errno.EPROTO, SharedMemory.Map(file!, LinkLayout.TryCreate(128, 4096, 4096)!, out _));

            // The same size in all, divided otherwise.
            Check.Fails(Errno.EPROTO, SharedMemory.Map(file!, LinkLayout.TryCreate(128, 8192, 4096)!, out _));
            Check.Ok(SharedMemory.Map(file!, layout, out SharedMemory? client));
            client!.Dispose();
        }
    }

    [Fact]
    public void Memory_disposed_of_twice_is_unmapped_once_and_not_usable()
    {
        Check.Ok(SharedMemory.Create(LinkLayout.Default, 1, 0, out SharedMemory? memory, out Descriptor? file));
        file!.Dispose();
        memory!.Dispose();
        memory.Dispose();
        Assert.Throws<ObjectDisposedException>(() => memory.Header);
    }
}
