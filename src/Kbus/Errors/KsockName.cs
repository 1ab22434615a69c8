namespace Kbus;

/// <summary>How an error names a Ksock: by its id and its bus.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Device">The number of its bus.</param>
/// <param name="Mode">What it was opened for.</param>
internal readonly record struct KsockName(uint Id, uint Device, KsockMode Mode)
{
    /// <summary>The fault of the library that has ended it; null if none has.</summary>
    public string? Fault { get; init; }

    /// <summary>Such as <c>Ksock 2 of bus 0</c>.</summary>
    public override string ToString() => $"Ksock {Id} of bus {Device}";
}
