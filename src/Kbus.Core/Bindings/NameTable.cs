using System.Runtime.InteropServices;

namespace Kbus.Core;

/// <summary>An entry of a <see cref="NameTable{T}"/>, found by a name given as bytes.</summary>
internal abstract class NameEntry
{
    protected NameEntry(ReadOnlySpan<byte> name) => Name = name.ToArray();

    /// <summary>The name, without NUL.</summary>
    public byte[] Name { get; }

    internal uint Hash { get; set; }

    internal NameEntry? NextInBucket { get; set; }
}

/// <summary>Entries found by name, without making a string or a copy of the name.</summary>
/// <remarks>
/// The seed keeps a hostile member from choosing names that all fall into one bucket. It changes no result, since nothing ever
/// walks the table in the order of its buckets. Only the bus's own thread touches it.
/// </remarks>
/// <typeparam name="T">The kind of entry.</typeparam>
internal sealed class NameTable<T>(ulong seed)
    where T : NameEntry
{
    private const int Fewest = 16;

    private NameEntry?[] _buckets = new NameEntry?[Fewest];

    /// <summary>How many entries there are.</summary>
    public int Count { get; private set; }

    /// <summary>Finds an entry by its whole name.</summary>
    public T? Find(ReadOnlySpan<byte> name)
    {
        uint hash = HashOf(name);
        for (NameEntry? entry = _buckets[hash & (uint)(_buckets.Length - 1)]; entry is not null; entry = entry.NextInBucket)
        {
            if (entry.Hash == hash && name.SequenceEqual(entry.Name))
            {
                return (T)entry;
            }
        }

        return null;
    }

    /// <summary>Adds an entry whose name is not in the table.</summary>
    public void Add(T entry)
    {
        if (Count == _buckets.Length)
        {
            Grow();
        }

        entry.Hash = HashOf(entry.Name);
        ref NameEntry? bucket = ref _buckets[entry.Hash & (uint)(_buckets.Length - 1)];
        entry.NextInBucket = bucket;
        bucket = entry;
        Count++;
    }

    /// <summary>Takes out an entry that is in the table.</summary>
    public void Remove(T entry)
    {
        ref NameEntry? bucket = ref _buckets[entry.Hash & (uint)(_buckets.Length - 1)];
        if (ReferenceEquals(bucket, entry))
        {
            bucket = entry.NextInBucket;
        }
        else
        {
            NameEntry before = bucket!;
            while (!ReferenceEquals(before.NextInBucket, entry))
            {
                before = before.NextInBucket!;
            }

            before.NextInBucket = entry.NextInBucket;
        }

        entry.NextInBucket = null;
        Count--;
    }

    /// <summary>Gives back what many entries needed, when there are none any more.</summary>
    public void Shrink()
    {
        if (Count == 0 && _buckets.Length > Fewest)
        {
            _buckets = new NameEntry?[Fewest];
        }
    }

    /// <summary>Does something with each entry, in no particular order.</summary>
    public void ForEach(Action<T> action)
    {
        foreach (NameEntry? first in _buckets)
        {
            for (NameEntry? entry = first; entry is not null; entry = entry.NextInBucket)
            {
                action((T)entry);
            }
        }
    }

    /// <summary>Forgets all entries.</summary>
    public void Clear()
    {
        Array.Clear(_buckets);
        Count = 0;
    }

    private void Grow()
    {
        NameEntry?[] former = _buckets;
        _buckets = new NameEntry?[former.Length * 2];
        foreach (NameEntry? first in former)
        {
            NameEntry? entry = first;
            while (entry is not null)
            {
                NameEntry? next = entry.NextInBucket;
                ref NameEntry? bucket = ref _buckets[entry.Hash & (uint)(_buckets.Length - 1)];
                entry.NextInBucket = bucket;
                bucket = entry;
                entry = next;
            }
        }
    }

    /// <summary>Mixes eight bytes at a time by a widening multiplication, keyed by the seed.</summary>
    private uint HashOf(ReadOnlySpan<byte> name)
    {
        ulong hash = seed ^ (uint)name.Length;
        while (name.Length >= sizeof(ulong))
        {
            hash = Mix(hash ^ MemoryMarshal.Read<ulong>(name));
            name = name[sizeof(ulong)..];
        }

        ulong rest = 0;
        foreach (byte b in name)
        {
            rest = (rest << 8) | b;
        }

        hash = Mix(hash ^ rest);
        return (uint)(hash ^ (hash >> 32));
    }

    private static ulong Mix(ulong value)
    {
        ulong high = Math.BigMul(value ^ 0x9E3779B97F4A7C15, 0xD6E8FEB86659FD93, out ulong low);
        return high ^ low;
    }
}
