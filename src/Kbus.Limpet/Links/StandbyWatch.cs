namespace Kbus.Limpets;

/// <summary>The client's part while a link is on standby: it listens on its bus for the probes of the server's
/// <see cref="StandbyBeacon"/>.</summary>
internal static class StandbyWatch
{
    /// <summary>Waits until no probe has come for half of the silence limit. It blocks.</summary>
    /// <param name="options">The options of the link's Limpet.</param>
    /// <param name="peerId">The peer's network id.</param>
    /// <param name="patience">How long to wait for the first probe.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="KbusException">The bus is not there, or has died.</exception>
    /// <exception cref="OperationCanceledException">It was given up.</exception>
    public static void WaitUntilLost(LimpetOptions options, uint peerId, TimeSpan patience, CancellationToken cancellationToken)
    {
        LinkRank rank = StandbyBeacon.RankOf(options.NetworkId, peerId);
        using Ksock ksock = options.Open();
        using CancellationTokenRegistration giveUp = cancellationToken.Register(ksock.Dispose);
        ksock.Bind(RingProbe.MessageName);
        long since = options.Time.GetTimestamp();
        try
        {
            while (patience - options.Time.GetElapsedTime(since) is var left && left > TimeSpan.Zero)
            {
                if (ksock.WaitForMessage(left) is { } message && RingProbe.TryRead(message.Data.Span, out RingProbe probe) && probe.Rank == rank)
                {
                    since = options.Time.GetTimestamp();
                    patience = options.SilenceLimit / 2;
                }
            }
        }
        catch (ObjectDisposedException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw;
        }
    }
}
