namespace Kbus.Daemon;

/// <summary>The result of a connection attempt at a socket of the directory.</summary>
internal enum SocketAnswer
{
    /// <summary>There is no such socket.</summary>
    Absent,

    /// <summary>Nobody listens: its maker has ended.</summary>
    Dead,

    /// <summary>Somebody listens.</summary>
    Living,

    /// <summary>Unknown.</summary>
    Unknown,
}
