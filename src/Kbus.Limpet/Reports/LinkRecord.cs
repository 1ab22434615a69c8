namespace Kbus.Limpets;

/// <summary>What is known of the links with one peer: the one that is there, and those before it. Any thread may call.</summary>
/// <param name="options">The options of its Limpets.</param>
internal sealed class LinkRecord(LimpetOptions options)
{
    private readonly Lock _lock = new();
    private Limpet? _limpet;
    private LimpetLinkState _state;
    private DateTimeOffset _since = options.Time.GetUtcNow();
    private string _reason = "";
    private string _identity = "";
    private string _place = "";
    private uint _peerId;
    private long _made;
    private LimpetCounts _former;

    /// <summary>A link was made.</summary>
    /// <param name="limpet">Its Limpet.</param>
    /// <param name="identity">Who the peer has shown to be.</param>
    /// <param name="place">The other end of the connection.</param>
    public void Begin(Limpet limpet, string identity, string place)
    {
        lock (_lock)
        {
            _limpet = limpet;
            (_state, _since, _reason) = (LimpetLinkState.Up, options.Time.GetUtcNow(), "");
            (_identity, _place, _peerId) = (identity, place, limpet.PeerNetworkId);
            _made++;
        }
    }

    /// <summary>A link has ended. Its counts stay.</summary>
    /// <param name="limpet">Its Limpet; another link may be there by now.</param>
    /// <param name="ending">How it ended.</param>
    public void End(Limpet limpet, LimpetEnding ending)
    {
        LimpetCounts last = limpet.Counts.Ended;
        lock (_lock)
        {
            _former = last.After(_former);
            if (_limpet == limpet)
            {
                _limpet = null;
                _state = ending.Kind == LimpetEndingKind.Loop ? LimpetLinkState.Standby : LimpetLinkState.Down;
                (_since, _reason) = (options.Time.GetUtcNow(), ending.Text);
            }
        }
    }

    /// <summary>The link could not be made, or is to be made again.</summary>
    /// <param name="reason">Why, as a sentence.</param>
    public void Fail(string reason)
    {
        lock (_lock)
        {
            if (_limpet is not null)
            {
                return;
            }

            _reason = reason;
            if (_state != LimpetLinkState.Down)
            {
                (_state, _since) = (LimpetLinkState.Down, options.Time.GetUtcNow());
            }
        }
    }

    /// <summary>What it is at this moment. Waits for nobody.</summary>
    /// <param name="peer">What the peer is called.</param>
    /// <param name="expectedId">The peer's network id, if it is known before it comes; otherwise 0.</param>
    public LimpetLinkReport Report(string peer = "", uint expectedId = 0)
    {
        LimpetLinkReport report;
        Limpet? limpet;
        lock (_lock)
        {
            limpet = _limpet;
            report = new LimpetLinkReport
            {
                Peer = peer,
                Bus = options.Device,
                State = _state,
                Since = _since,
                Reason = _reason,
                PeerNetworkId = _peerId != 0 ? _peerId : expectedId,
                KsockId = limpet?.KsockId ?? 0,
                Identity = _identity,
                Place = _place,
                Made = _made,
                Counts = _former,
            };
        }

        // Not under the lock: this reads what other locks guard.
        return limpet is null ? report : report with { Counts = limpet.CountsNow.After(report.Counts), RoundTrip = limpet.RoundTrip };
    }
}
