using CsCheck;

namespace Kbus.Link.Tests;

public sealed class ExtentAllocatorTests
{
    private const int Unit = ExtentAllocator.Granularity;

    [Fact]
    public void Parts_are_whole_units_from_the_first_place_that_fits()
    {
        var allocator = new ExtentAllocator(10 * Unit);
        Assert.True(allocator.TryAllocate(1, out PayloadExtent first));
        Assert.True(allocator.TryAllocate(Unit + 1, out PayloadExtent second));
        Assert.Equal(new PayloadExtent(0, Unit), first);
        Assert.Equal(new PayloadExtent(Unit, 2 * Unit), second);
        allocator.Free(first);
        Assert.True(allocator.TryAllocate(2 * Unit, out PayloadExtent third));
        Assert.Equal(3 * Unit, third.Offset);
        Assert.True(allocator.TryAllocate(Unit, out PayloadExtent fourth));
        Assert.Equal(0, fourth.Offset);
    }

    [Fact]
    public void What_comes_back_is_joined_with_its_neighbours()
    {
        var allocator = new ExtentAllocator(3 * Unit);
        PayloadExtent[] parts = new PayloadExtent[3];
        for (int i = 0; i < 3; i++)
        {
            Assert.True(allocator.TryAllocate(Unit, out parts[i]));
        }

        Assert.False(allocator.TryAllocate(1, out _));
        allocator.Free(parts[0]);
        allocator.Free(parts[2]);
        Assert.Equal(2, allocator.FreeParts);
        Assert.False(allocator.TryAllocate(2 * Unit, out _));
        allocator.Free(parts[1]);
        Assert.Equal(1, allocator.FreeParts);
        Assert.True(allocator.IsWhollyFree);
        Assert.True(allocator.TryAllocate(3 * Unit, out _));
    }

    [Fact]
    public void A_length_that_cannot_be_is_not_handed_out()
    {
        var allocator = new ExtentAllocator(2 * Unit);
        Assert.False(allocator.TryAllocate(0, out _));
        Assert.False(allocator.TryAllocate(-1, out _));
        Assert.False(allocator.TryAllocate(long.MaxValue, out _));
        Assert.False(allocator.TryAllocate((2 * Unit) + 1, out _));
    }

    [Fact]
    public void A_part_that_is_free_already_is_not_taken_back()
    {
        var allocator = new ExtentAllocator(4 * Unit);
        Assert.True(allocator.TryAllocate(2 * Unit, out PayloadExtent part));
        allocator.Free(part);
        Assert.Throws<InvalidOperationException>(() => allocator.Free(part));
        Assert.True(allocator.TryAllocate(2 * Unit, out part));
        Assert.Throws<InvalidOperationException>(() => allocator.Free(new PayloadExtent(Unit, 2 * Unit)));
        Assert.Throws<InvalidOperationException>(() => allocator.Free(new PayloadExtent(0, 5 * Unit)));
        Assert.Throws<InvalidOperationException>(() => allocator.Free(new PayloadExtent(-Unit, Unit)));
        Assert.Throws<InvalidOperationException>(() => allocator.Free(new PayloadExtent(1, Unit)));
    }

    [Fact]
    public void It_agrees_with_a_map_of_units_whatever_is_asked_of_it() =>
        Gen.Int[-64, 24].Array[0, 200].Sample(
            steps =>
            {
                const int Units = 64;
                var allocator = new ExtentAllocator(Units * Unit);
                bool[] used = new bool[Units];
                var held = new List<PayloadExtent>();
                foreach (int step in steps)
                {
                    if (step > 0)
                    {
                        int place = FirstFit(used, step);
                        bool allocated = allocator.TryAllocate((step * Unit) - (step % 3), out PayloadExtent part);
                        if (allocated != place >= 0 || (allocated && part != new PayloadExtent(place * Unit, step * Unit)))
                        {
                            return false;
                        }

                        if (allocated)
                        {
                            used.AsSpan(place, step).Fill(true);
                            held.Add(part);
                        }
                    }
                    else if (held.Count > 0)
                    {
                        PayloadExtent part = held[-step % held.Count];
                        held.Remove(part);
                        allocator.Free(part);
                        used.AsSpan((int)(part.Offset / Unit), (int)(part.Length / Unit)).Clear();
                    }

                    if (allocator.FreeBytes != used.Count(unit => !unit) * Unit || allocator.FreeParts != Gaps(used))
                    {
                        return false;
                    }
                }

                return true;
            },
            iter: 5000);

    private static int FirstFit(bool[] used, int length)
    {
        for (int at = 0; at + length <= used.Length; at++)
        {
            if (!used.AsSpan(at, length).Contains(true))
            {
                return at;
            }
        }

        return -1;
    }

    private static int Gaps(bool[] used)
    {
        int gaps = 0;
        for (int at = 0; at < used.Length; at++)
        {
            gaps += !used[at] && (at == 0 || used[at - 1]) ? 1 : 0;
        }

        return gaps;
    }
}
