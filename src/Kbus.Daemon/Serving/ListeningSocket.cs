using Kbus.Linux;

namespace Kbus.Daemon;

/// <summary>A socket at which the daemon takes connections: one that it made, or one that a supervisor passed.</summary>
/// <param name="name">Its name in the directory.</param>
/// <param name="backlog">How many connections may wait.</param>
/// <param name="mode">Permissions of its file.</param>
internal sealed class ListeningSocket(string name, int backlog, int mode)
{
    /// <summary>Its name in the directory.</summary>
    public string Name => name;

    /// <summary>How many connections may wait to be taken.</summary>
    public int Backlog => backlog;

    /// <summary>Permissions of its file.</summary>
    public int Mode => mode;

    /// <summary>What the listening thread knows it by.</summary>
    public ulong Token { get; init; }

    /// <summary>The socket. Another one once its file was removed and made again; only the listening thread does that.</summary>
    public required Descriptor Descriptor { get; set; }

    /// <summary>Which file it is, if the daemon made it; null if a supervisor did: that one is never touched.</summary>
    public FileStatus? File { get; set; }
}
