namespace Kbus.Limpets;

/// <summary>Why a link between two Limpets ended.</summary>
public enum LimpetEndingKind
{
    /// <summary>It was ended here, by <see cref="Limpet.Dispose"/>.</summary>
    Stopped,

    /// <summary>The termination message was read.</summary>
    Terminated,

    /// <summary>The peer closed the connection, or it broke.</summary>
    PeerGone,

    /// <summary>The peer did not take anything for too long.</summary>
    PeerStalled,

    /// <summary>The peer did not speak as a Limpet does.</summary>
    PeerConfused,

    /// <summary>The peer used a network id that is not its own, nor one of the buses behind it. See
    /// <see cref="LimpetOptions.PeerNetworks"/>.</summary>
    PeerForged,

    /// <summary>The bus died, or refused what a Limpet needs.</summary>
    BusGone,

    /// <summary>The bus lost events of repliers that left, so all of them must be reported again.</summary>
    EventsLost,

    /// <summary>The Limpets join buses in a ring, or two of them have the same network id.</summary>
    Loop,

    /// <summary>An unexpected exception in the Limpet itself. The text has its trace.</summary>
    Fault,
}
