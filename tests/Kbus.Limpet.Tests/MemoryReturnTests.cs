namespace Kbus.Limpets.Tests;

[Collection(nameof(MemoryTests))]
public sealed class MemoryReturnTests
{
    /// <summary>Each link of a server collected for itself, one hundred times in a star of one hundred.</summary>
    [Fact]
    public void One_collection_returns_what_all_links_gave_up_before_it()
    {
        int since = MemoryReturn.Collections;
        int before = GC.CollectionCount(GC.MaxGeneration);
        Assert.True(MemoryReturn.CollectUnlessDone(since));
        int after = GC.CollectionCount(GC.MaxGeneration);
        Assert.NotEqual(before, after);
        Assert.All(Enumerable.Range(0, 99), _ => Assert.False(MemoryReturn.CollectUnlessDone(since)));
        Assert.True(MemoryReturn.CollectUnlessDone(MemoryReturn.Collections));
    }
}
