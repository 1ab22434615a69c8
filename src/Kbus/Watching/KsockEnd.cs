namespace Kbus;

/// <summary>Why a Ksock closed.</summary>
public enum KsockEnd
{
    /// <summary>Its process closed it.</summary>
    Closed,

    /// <summary>Its process ended, was killed, or hung up, without closing it.</summary>
    Died,

    /// <summary>Its process wrote nonsense into the memory that it shares with the bus.</summary>
    Misbehaved,

    /// <summary>The policy does not let it be open any more.</summary>
    Forbidden,
}
