namespace Kbus.Limpets;

/// <summary>Whether a link is there.</summary>
public enum LimpetLinkState
{
    /// <summary>It is not, and should be.</summary>
    Down,

    /// <summary>It carries messages.</summary>
    Up,

    /// <summary>It would close a ring of buses. It is made again when the other way fails.</summary>
    Standby,
}
