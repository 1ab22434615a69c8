namespace Kbus.Daemon;

/// <summary>What became of a connection that was tried at a socket of the directory.</summary>
internal enum SocketAnswer
{
    /// <summary>There is no such socket.</summary>
    Absent,

    /// <summary>Nobody listens: who made it has died.</summary>
    Dead,

    /// <summary>Somebody listens.</summary>
    Living,

    /// <summary>It could not be found out.</summary>
    Unknown,
}
