using System.Runtime.CompilerServices;

namespace Kbus.Core;

/// <summary>The names whose traffic is counted one by one: those that somebody is bound to, and the busiest others.</summary>
/// <remarks>
/// <para>A name gets its counts with its first send. When there are twice as many unbound names as are kept, all of them are ranked by their
/// sends, with those before the last ranking counting half. The less busy half is folded into <see cref="Others"/>. So a flood of names that
/// are used once displaces none that is used often, and one more name costs the same on average, however many there are.</para>
/// <para>Counts of an unbound name take some 300 bytes and its name, so all of them together are bounded. Those of a bound name are as
/// many as its bindings, which are charged. Only the bus's own thread touches it.</para>
/// </remarks>
/// <param name="seed">Keys the hashing of names.</param>
/// <param name="bound">The names that somebody is bound to.</param>
internal sealed class CountedNames(ulong seed, NameTable<BoundName> bound)
{
    /// <summary>Unbound names that are kept in any case.</summary>
    public const int Kept = 1000;

    private const int MostUnbound = 2 * Kept;

    private readonly NameTable<NameTraffic> _unbound = new(seed);
    private ulong _lastOrder;

    /// <summary>All names with counts of their own.</summary>
    public NameTrafficList All { get; } = new();

    /// <summary>The counts of all other names together. Its name is empty.</summary>
    public NameTraffic Others { get; } = new([], 0);

    /// <summary>The work done to rank names, in steps.</summary>
    public ulong Steps { get; private set; }

    /// <summary>The counts of a route's name.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public NameTraffic Of(Route route) => route.Traffic is { IsFolded: false } known ? known : route.Traffic = Find(route.Name);

    /// <summary>Nobody is bound to a name any more: its counts are kept as those of any other name.</summary>
    public void Unbind(BoundName name)
    {
        if (name.Traffic is { } traffic)
        {
            name.Traffic = null;
            Keep(traffic);
        }
    }

    private NameTraffic Find(byte[] name)
    {
        NameTraffic? unbound = _unbound.Find(name);
        if (bound.Find(name) is { } binding)
        {
            if (binding.Traffic is null && unbound is not null)
            {
                Move(unbound, binding);
            }

            return binding.Traffic ??= Begin(name);
        }

        if (unbound is null)
        {
            unbound = Begin(name);
            Keep(unbound);
        }

        return unbound;
    }

    private NameTraffic Begin(byte[] name)
    {
        var traffic = new NameTraffic(name, ++_lastOrder);
        All.Add(traffic);
        return traffic;
    }

    private void Keep(NameTraffic traffic)
    {
        if (_unbound.Count == MostUnbound)
        {
            FoldTheLessBusy();
        }

        _unbound.Add(traffic);
    }

    /// <summary>The counts of a name that somebody is bound to stand with its bindings.</summary>
    private void Move(NameTraffic unbound, BoundName binding)
    {
        _unbound.Remove(unbound);
        binding.Traffic = unbound;
    }

    private void FoldTheLessBusy()
    {
        Steps += MostUnbound;
        List<NameTraffic> ranked = new(MostUnbound);
        _unbound.ForEach(ranked.Add);
        for (int i = ranked.Count - 1; i >= 0; i--)
        {
            NameTraffic traffic = ranked[i];
            if (bound.Find(traffic.Name) is { } binding)
            {
                Move(traffic, binding);
                ranked.RemoveAt(i);
                continue;
            }

            traffic.Rank = (traffic.Rank / 2) + traffic.Sends - traffic.RankedAt;
            traffic.RankedAt = traffic.Sends;
        }

        // Of equally busy names the later one goes: the hashing must not decide.
        ranked.Sort(static (a, b) => (a.Rank, b.Order).CompareTo((b.Rank, a.Order)));
        for (int i = 0; i < ranked.Count - Kept; i++)
        {
            Fold(ranked[i]);
        }
    }

    private void Fold(NameTraffic traffic)
    {
        Others.Counts.Add(traffic.Counts);
        traffic.IsFolded = true;
        _unbound.Remove(traffic);
        All.Remove(traffic);
    }
}
