using Kbus.Linux;

namespace Kbus.Link.Tests;

public sealed unsafe class PayloadAreaTests
{
    [Fact]
    public void What_the_bus_writes_is_what_a_recipient_reads()
    {
        Check.Ok(PayloadArea.Create(1 << 20, out PayloadArea? created));
        using PayloadArea area = created!;
        Check.Ok(PayloadView.Map(area.File, area.Size, out PayloadView? mapped));
        using PayloadView view = mapped!;
        Assert.True(area.TryAllocate(10_000, out PayloadExtent first));
        Assert.True(area.TryAllocate(100_000, out PayloadExtent second));
        Pattern.Fill(area.Bytes(first)[..10_000], 1);
        Pattern.Fill(area.Bytes(second)[..100_000], 2);
        Assert.True(view.TryGet(first.Offset, 10_000, out ReadOnlySpan<byte> bytes));
        Assert.Equal(1ul, Pattern.Number(bytes));
        Assert.True(view.TryGet(second.Offset, 100_000, out bytes));
        Assert.Equal(2ul, Pattern.Number(bytes));
        area.Free(first);
        area.Free(second);
        Assert.True(area.IsWhollyFree);
        Assert.Equal(1 << 20, area.FreeBytes);
    }

    [Fact]
    public void A_recipient_can_neither_write_nor_map_for_writing_nor_resize_nor_punch()
    {
        Check.Ok(PayloadArea.Create(8192, out PayloadArea? created));
        using PayloadArea area = created!;
        int file = area.File.Number;
        Check.Fails(
            Errno.EPERM, LibC.Map(null, 8192, LibC.ProtectRead | LibC.ProtectWrite, LibC.MapShared, file, 0, out _));
        Check.Fails(Errno.EPERM, LibC.PunchHole(file, 0, 4096));
        Check.Fails(Errno.EPERM, LibC.Truncate(file, 0));
        Check.Fails(Errno.EPERM, (int)LibC.Write(file, [1]));
        using var again = new Descriptor(Check.Ok(LibC.Open($"/proc/self/fd/{file}", LibC.OpenReadWrite, 0)));
        Check.Fails(Errno.EPERM, (int)LibC.Write(again.Number, [1]));
    }

    [Theory]
    [InlineData(-1L, 1L)]
    [InlineData(0L, -1L)]
    [InlineData(0L, 8193L)]
    [InlineData(8192L, 1L)]
    [InlineData(8191L, 2L)]
    [InlineData(long.MaxValue, 1L)]
    [InlineData(1L, long.MaxValue)]
    public void A_place_outside_the_area_is_not_read(long offset, long length)
    {
        Check.Ok(PayloadArea.Create(8192, out PayloadArea? created));
        using PayloadArea area = created!;
        Check.Ok(PayloadView.Map(area.File, 8192, out PayloadView? view));
        using (view)
        {
            Assert.False(view!.TryGet(offset, length, out _));
            Assert.True(view.TryGet(8192, 0, out _));
            Assert.True(view.TryGet(0, 8192, out _));
        }
    }

    [Fact]
    public void An_area_that_is_not_sealed_or_not_of_the_announced_size_is_not_mapped()
    {
        using var file = new Descriptor(Check.Ok(LibC.CreateMemoryFile("test")));
        Check.Ok(LibC.Truncate(file.Number, 8192));
        Check.Ok(LibC.AddSeals(file.Number, LibC.SealShrink | LibC.SealGrow));
        Check.Fails(Errno.EPROTO, PayloadView.Map(file, 8192, out _));
        Check.Ok(PayloadArea.Create(8192, out PayloadArea? area));
        using (area)
        {
            Check.Fails(Errno.EPROTO, PayloadView.Map(area!.File, 4096, out _));
            Check.Fails(Errno.EPROTO, PayloadView.Map(area.File, 0, out _));
        }
    }

    [Fact]
    public void A_recipient_can_go_on_reading_when_the_bus_has_let_go_of_the_area()
    {
        Check.Ok(PayloadArea.Create(4096, out PayloadArea? area));
        Check.Ok(PayloadView.Map(area!.File, 4096, out PayloadView? view));
        Assert.True(area.TryAllocate(100, out PayloadExtent part));
        Pattern.Fill(area.Bytes(part), 77);
        area.Dispose();
        area.Dispose();
        Assert.True(view!.TryGet(part.Offset, part.Length, out ReadOnlySpan<byte> bytes));
        Assert.Equal(77ul, Pattern.Number(bytes));
        view.Dispose();
        view.Dispose();
        Assert.Throws<ObjectDisposedException>(() => area.Bytes(part));
        Assert.Throws<ObjectDisposedException>(() => view.TryGet(0, 1, out _));
    }
}
