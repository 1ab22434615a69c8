namespace Kbus;

/// <summary>Why a Ksock closed.</summary>
public enum KsockEnd
{
    /// <summary>Its process closed it.</summary>
    Closed,

    /// <summary>Its process ended, or was killed, without closing it.</summary>
    ProcessEnded,

    /// <summary>Its process hung up without closing it, and lives on.</summary>
    HungUp,

    /// <summary>Its process wrote nonsense into the memory that it shares with the bus.</summary>
    Misbehaved,

    /// <summary>The policy does not let it be open any more.</summary>
    Forbidden,
}
