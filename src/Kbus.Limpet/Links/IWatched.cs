namespace Kbus.Limpets;

/// <summary>A stream whose connection is watched while it is used.</summary>
internal interface IWatched
{
    /// <summary>Looks at the connection; called each second.</summary>
    /// <returns>The time for which the peer has taken nothing although the kernel holds bytes for it and the peer's machine is
    /// alive.</returns>
    TimeSpan Watch();

    /// <summary>The time to the peer's machine and back, as the kernel measures it; null if it measures none. Any thread may ask.</summary>
    TimeSpan? RoundTrip { get; }
}
