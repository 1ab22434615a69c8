namespace Kbus.Limpets;

/// <summary>How a link between two Limpets ended.</summary>
/// <param name="Kind">Why.</param>
/// <param name="Text">What happened, as a sentence.</param>
public sealed record LimpetEnding(LimpetEndingKind Kind, string Text)
{
    /// <summary>True if making the link again could help.</summary>
    public bool IsWorthAnotherTry => Kind is not (LimpetEndingKind.Stopped or LimpetEndingKind.Terminated or LimpetEndingKind.Loop);

    /// <summary>How much the log should make of it.</summary>
    internal LimpetLogLevel Level => Kind switch
    {
        LimpetEndingKind.Stopped or LimpetEndingKind.Terminated => LimpetLogLevel.Information,
        LimpetEndingKind.BusGone => LimpetLogLevel.Error,
        _ => LimpetLogLevel.Warning,
    };
}
