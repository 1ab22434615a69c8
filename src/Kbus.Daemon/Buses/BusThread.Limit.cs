using Kbus.Core;

namespace Kbus.Daemon;

/// <content>Telling all links the bus's message limit (MAXMSGSIZE), some at a time.</content>
/// <remarks>
/// A member decides how many links there are. So they are told in slices, and whoever has set the limit gets its answer when all have been told. The place
/// goes round and round through the Ksocks. So each has been told once as many have been as there were; a new link is told when it opens.
/// </remarks>
internal sealed partial class BusThread
{
    // Each is a cache line and a page of its own: some 100 nanoseconds.
    private const int MostToldAtOnce = 512;

    private readonly EntryCursor<KsockState> _toTell = new(newestFirst: false);
    private int _toldAtOnce = MostToldAtOnce;
    private uint _toldMaxMessageSize;
    private ulong _told;
    private ulong _tellUntil;

    private bool IsTelling => _told < _tellUntil;

    /// <summary>Begins to publish the bus's current message limit to all links, if it has changed.</summary>
    /// <returns>What to ask <see cref="TellSome"/> with.</returns>
    public ulong BeginTelling()
    {
        if (_toldMaxMessageSize != Bus.MaxMessageSize)
        {
            _toldMaxMessageSize = Bus.MaxMessageSize;
            _tellUntil = _told + (ulong)Bus.KsocksByAge.Count;
        }

        // One that was begun before may be under way still.
        return _tellUntil;
    }

    /// <summary>Tells some more links.</summary>
    /// <param name="until">What <see cref="BeginTelling"/> returned.</param>
    /// <returns>True if all have been told since then.</returns>
    public bool TellSome(ulong until)
    {
        for (int left = _toldAtOnce; left > 0 && IsTelling; left--)
        {
            if (_toTell.Current is null)
            {
                _toTell.Enter(Bus.KsocksByAge);
            }

            (_toTell.Current?.Carrier.Host as Session)?.TellMaxMessageSize(_toldMaxMessageSize);
            _told++;
            _carried++;
            if (_toTell.Current is not null)
            {
                _toTell.Advance();
            }
        }

        if (!IsTelling)
        {
            _toTell.Leave();
        }

        return _told >= until;
    }
}
