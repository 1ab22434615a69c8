namespace Kbus.Core.Tests;

/// <summary>A log of which each entry may be put in late, twice, or not at all although that is not known.</summary>
internal sealed class FaultyLog(Random random)
{
    private readonly List<byte[]> _entries = [];
    private readonly List<byte[]> _late = [];

    /// <summary>False: what is appended is there, once, at once.</summary>
    public bool IsFaulty { get; set; } = true;

    /// <summary>The number of entries.</summary>
    public ulong Count => (ulong)_entries.Count;

    /// <summary>The entry behind an index.</summary>
    public byte[] this[ulong after] => _entries[(int)after];

    /// <summary>Puts an entry in; who does so does not learn what became of it.</summary>
    public void Append(ReadOnlyMemory<byte> entry)
    {
        byte[] bytes = entry.ToArray();
        int fate = IsFaulty ? random.Next(6) : 5;
        switch (fate)
        {
            case 0:
                break;
            case 1:
                _late.Add(bytes);
                break;
            case 2:
                _entries.Add(bytes);
                _late.Add(bytes);
                break;
            default:
                _entries.Add(bytes);
                break;
        }
    }

    /// <summary>One of the entries that are late comes.</summary>
    public void Deliver()
    {
        if (_late.Count > 0)
        {
            int which = random.Next(_late.Count);
            _entries.Add(_late[which]);
            _late.RemoveAt(which);
        }
    }
}
