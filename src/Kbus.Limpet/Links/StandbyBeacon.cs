namespace Kbus.Limpets;

/// <summary>The server's part while a link is on standby: it sends probes on its bus, which reach the client's bus by the other way.</summary>
/// <remarks>
/// When they arrive no more, the other way has failed, and the client makes the link again. They are ordinary probes, with the two network
/// ids of the link and the greatest time, so that every Limpet carries them on. Any thread may call.
/// </remarks>
internal sealed class StandbyBeacon : IDisposable
{
    /// <summary>The time in the rank of such a probe: newer than any link.</summary>
    public const ulong Always = ulong.MaxValue;

    private readonly LimpetOptions _options;
    private readonly LinkRank _rank;
    private readonly ITimer _timer;
    private readonly Lock _lock = new();
    private Ksock? _ksock;
    private bool _isDisposed;

    /// <summary>Begins at once.</summary>
    /// <param name="options">The options of the link's Limpet.</param>
    /// <param name="peerId">The peer's network id.</param>
    public StandbyBeacon(LimpetOptions options, uint peerId)
    {
        _options = options;
        _rank = RankOf(options.NetworkId, peerId);
        _timer = options.Time.CreateTimer(_ => Send(), null, TimeSpan.Zero, Pause(options));
    }

    /// <summary>The rank in the probes of a link on standby.</summary>
    public static LinkRank RankOf(uint one, uint other) => new(Always, Math.Max(one, other), Math.Min(one, other));

    /// <summary>The time between two probes: within the silence limit there are several.</summary>
    public static TimeSpan Pause(LimpetOptions options) => options.SilenceLimit / 8;

    /// <summary>Ends it.</summary>
    public void Dispose()
    {
        _timer.Dispose();
        lock (_lock)
        {
            _isDisposed = true;
            _ksock?.Dispose();
        }
    }

    private void Send()
    {
        lock (_lock)
        {
            if (_isDisposed)
            {
                return;
            }

            try
            {
                // Only what a Limpet brings is carried on.
                _ksock ??= Opened();
                RingProbe probe = RingProbe.Of(_rank);
                if (_ksock.Submit(default, RingProbe.Name, probe.ToBytes(), out _) == Errno.ENODEV)
                {
                    _ksock.Dispose();
                    _ksock = null;
                }
            }
            catch (KbusException)
            {
                // The bus is not there now. The next time it may be.
                _ksock?.Dispose();
                _ksock = null;
            }
        }
    }

    private Ksock Opened()
    {
        Ksock ksock = _options.Open();
        try
        {
            ksock.ActAsLimpet(_options.NetworkId);
            return ksock;
        }
        catch
        {
            ksock.Dispose();
            throw;
        }
    }
}
