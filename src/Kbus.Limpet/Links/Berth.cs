namespace Kbus.Limpets;

/// <summary>The place of one peer at a server, and the link with it while there is one.</summary>
/// <remarks>
/// A peer that comes again while its link still is has broken its connection unnoticed: it replaces the old link. If that repeats, there
/// are two peers with one id. Then the newcomer is sent away. Any thread may call.
/// </remarks>
internal sealed class Berth : IDisposable
{
    private static readonly TimeSpan LongestRest = TimeSpan.FromMinutes(5);
    private readonly LimpetOptions _options;
    private readonly Action<LimpetEnding> _ended;
    private readonly Rivals _rivals;
    private readonly SparingTell _told;
    private readonly LinkRecord _record;
    private readonly SemaphoreSlim _changing = new(1);
    private Limpet? _limpet;
    private string _linkedFrom = "";
    private bool _isStopping;
    private long _restSince;
    private TimeSpan _rest;
    private StandbyBeacon? _beacon;

    /// <summary>Makes an empty one.</summary>
    /// <param name="options">The options of the Limpet that links are made with.</param>
    /// <param name="ended">Called when a link has ended, unless another has replaced it.</param>
    public Berth(LimpetOptions options, Action<LimpetEnding> ended)
    {
        _ended = ended;
        _rivals = new Rivals(options.Time);
        _told = new SparingTell(options.Say, options.Time);

        // All links of the place share it: otherwise a peer that comes a million times may cause fifty lines each time.
        _options = options with { Tell = static _ => { }, Log = _told.Tell };
        _record = new LinkRecord(options);
    }

    /// <summary>The link; null if there is none.</summary>
    public Limpet? Limpet => Volatile.Read(ref _limpet);

    /// <summary>Whether it has been stopped.</summary>
    public bool IsStopping => Volatile.Read(ref _isStopping);

    /// <summary>What the links of this place are, and were.</summary>
    public LinkRecord Record => _record;

    /// <summary>Makes the link with a peer that has greeted, unless there is one with another peer.</summary>
    /// <exception cref="LimpetException">It is sent away; the message says why.</exception>
    /// <exception cref="KbusException">The bus does not take the Limpet.</exception>
    /// <exception cref="IOException">The connection is broken.</exception>
    public async Task TakeAsync(Stream stream, Arrival arrival, CancellationToken cancellationToken)
    {
        await _changing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            CheckMayCome(arrival.PeerId);
            if (_limpet is { } former)
            {
                CheckMayReplace(former, arrival);

                // It is followed no more: the server goes on with the new one.
                Volatile.Write(ref _limpet, null);
                former.Dispose();
                await former.Ended.ConfigureAwait(false);
            }

            Limpet limpet = Limpet.Begin(stream, _options, arrival.PeerId, isGreeted: false);
            Interlocked.Exchange(ref _limpet, limpet);
            _linkedFrom = arrival.Name;
            SetBeacon(null);
            _record.Begin(limpet, arrival.Identity, arrival.Name);
            _told.Tell(LimpetLogLevel.Information, $"Connected from {arrival.Name}: {limpet}.");
            _options.Linked?.Invoke(limpet);
            _ = FollowAsync(limpet);

            // Either this sees that the server stops, or who stops it sees the Limpet.
            if (IsStopping)
            {
                limpet.Dispose();
            }
        }
        finally
        {
            _changing.Release();
        }
    }

    /// <summary>Ends the link, and lets there be no other.</summary>
    /// <returns>Whether there was one.</returns>
    public bool Stop()
    {
        // A link that is ending by itself just now must not be taken for one worth another try.
        Interlocked.Exchange(ref _isStopping, true);
        Limpet? limpet = Limpet;
        limpet?.Dispose();
        SetBeacon(null);
        return limpet is not null;
    }

    /// <summary>As <see cref="Stop"/>.</summary>
    public void Dispose()
    {
        Stop();
        _changing.Dispose();
    }

    private void CheckMayCome(uint peerId)
    {
        if (IsStopping)
        {
            throw new LimpetException("The link has ended for good.");
        }

        if (peerId == _options.NetworkId)
        {
            throw new LimpetException($"It has network id {peerId}, as this Limpet has; give one of them another by --id.", isPeersFault: true);
        }

        TimeSpan left = _rest - _options.Time.GetElapsedTime(_restSince);
        if (left > TimeSpan.Zero)
        {
            throw new LimpetException($"Its link closed a ring of buses a moment ago, and is not made again within {left.TotalSeconds:0} s.");
        }
    }

    private void CheckMayReplace(Limpet former, Arrival arrival)
    {
        if (former.Ended.IsCompleted)
        {
            return;
        }

        if (former.PeerNetworkId != arrival.PeerId)
        {
            throw new LimpetException($"It is Limpet {arrival.PeerId}, and there is a link with Limpet {former.PeerNetworkId}.");
        }

        if (!_rivals.MayTakeOver())
        {
            throw new LimpetException(
                $"It has network id {arrival.PeerId}, and so has the Limpet that is linked from {_linkedFrom}; they push each other out. Give one of them another id by --id.");
        }

        _told.Tell(LimpetLogLevel.Warning, $"Limpet {arrival.PeerId} has come again, from {arrival.Name}, and takes the place of its link from {_linkedFrom}.");
    }

    private async Task FollowAsync(Limpet limpet)
    {
        LimpetEnding ending = await limpet.Ended.ConfigureAwait(false);
        _record.End(limpet, ending);
        Rest(ending);
        if (ending.Kind == LimpetEndingKind.Loop && !IsStopping)
        {
            SetBeacon(new StandbyBeacon(_options, limpet.PeerNetworkId));
        }

        if (Interlocked.CompareExchange(ref _limpet, null, limpet) == limpet)
        {
            _told.Tell(ending.Level, ending.Text);
            _ended(ending);
        }
    }

    private void SetBeacon(StandbyBeacon? beacon)
    {
        Interlocked.Exchange(ref _beacon, beacon)?.Dispose();
        if (beacon is not null && IsStopping)
        {
            beacon.Dispose();
        }
    }

    /// <summary>A link that closed a ring would close it again. So its peer waits, longer each time.</summary>
    private void Rest(LimpetEnding ending)
    {
        _rest = ending.Kind != LimpetEndingKind.Loop ? TimeSpan.Zero
            : TimeSpan.FromTicks(Math.Clamp(_rest.Ticks * 2, (_options.SilenceLimit / 4).Ticks, LongestRest.Ticks));
        _restSince = _options.Time.GetTimestamp();
    }
}
