namespace Kbus.Limpets;

/// <summary>How much a line of a Limpet's log matters.</summary>
public enum LimpetLogLevel
{
    /// <summary>Something of this Limpet itself failed, or its bus did.</summary>
    Error,

    /// <summary>A link is not what it should be, or somebody was sent away.</summary>
    Warning,

    /// <summary>What happens when all is well: a link was made, or ended here.</summary>
    Information,
}
