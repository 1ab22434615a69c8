namespace Kbus.Core;

/// <summary>Where among the messages of one Ksock some are missing that its full queue had no room for, and how many.</summary>
/// <remarks>
/// Kept only for a Ksock that has asked for it, so nobody else pays. A place is identified by the number of messages put at the end of
/// the queue before. Neither takes nor urgent messages, which come in front, change that number.
/// </remarks>
internal sealed class MissedPlaces
{
    /// <summary>The most places that are kept. What is missed later counts with the last one, and so is reported too early.</summary>
    public const int Most = 4096;

    private readonly List<(uint After, uint Count)> _places = [];

    /// <summary>Reads what <see cref="Save"/> wrote.</summary>
    public static MissedPlaces Read(ref BooksReader reader)
    {
        var places = new MissedPlaces();
        for (int left = reader.ReadCount(); left > 0; left--)
        {
            uint after = reader.ReadUInt32();
            places._places.Add((after, reader.ReadUInt32()));
        }

        return places;
    }

    /// <summary>Saves the places.</summary>
    public void Save(BooksWriter writer)
    {
        writer.Write(_places.Count);
        foreach ((uint after, uint count) in _places)
        {
            writer.Write(after);
            writer.Write(count);
        }
    }

    /// <summary>One more message is missing at the end of the queue.</summary>
    public void Add(KsockState ksock)
    {
        if (_places.Count == Most)
        {
            JoinPassed(ksock);
        }

        if (_places.Count > 0 && (_places[^1].After == ksock.Appended || _places.Count == Most))
        {
            (uint after, uint count) = _places[^1];
            _places[^1] = (after, count == uint.MaxValue ? count : count + 1);
        }
        else
        {
            _places.Add((ksock.Appended, 1));
        }
    }

    /// <summary>The number of messages before the next place; all waiting messages, if there is no such place.</summary>
    public int Before(KsockState ksock) => _places.Count > 0 ? Before(ksock, 0) : ksock.Queue.Count;

    /// <summary>The number of messages missing right before the next one, or 0. It is reported once.</summary>
    public uint Take(KsockState ksock)
    {
        JoinPassed(ksock);
        if (_places.Count == 0 || Before(ksock, 0) > 0)
        {
            return 0;
        }

        uint missed = _places[0].Count;
        _places.RemoveAt(0);
        return missed;
    }

    /// <summary>Unbinding may have taken messages out of the middle of the queue. Then a place is reported a little early, never
    /// late.</summary>
    private int Before(KsockState ksock, int place) => (int)Math.Max(0L, ksock.Queue.Count - (long)(ksock.Appended - _places[place].After));

    /// <summary>Makes one place of all those that the reader has passed without asking.</summary>
    private void JoinPassed(KsockState ksock)
    {
        int passed = 0;
        ulong missed = 0;
        while (passed < _places.Count && Before(ksock, passed) == 0)
        {
            missed += _places[passed++].Count;
        }

        if (passed > 1)
        {
            _places[passed - 1] = (_places[passed - 1].After, (uint)Math.Min(missed, uint.MaxValue));
            _places.RemoveRange(0, passed - 1);
        }
    }
}
