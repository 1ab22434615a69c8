namespace Kbus.Limpets;

/// <summary>Returns to the system what the links of this process have given up. One collection does it for all of them.</summary>
/// <remarks>A link reads <see cref="Collections"/> when it gives something up. Any thread may call.</remarks>
internal static class MemoryReturn
{
    private static int _collections;

    /// <summary>The number of collections that have begun.</summary>
    public static int Collections => Volatile.Read(ref _collections);

    /// <summary>Collects, unless another collection has begun since.</summary>
    /// <param name="since">The number of collections when something was given up.</param>
    /// <returns>False if another one has returned it.</returns>
    public static bool CollectUnlessDone(int since)
    {
        if (Interlocked.CompareExchange(ref _collections, since + 1, since) != since)
        {
            return false;
        }

        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        return true;
    }
}
