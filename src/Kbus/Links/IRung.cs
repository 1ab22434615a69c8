namespace Kbus.Links;

/// <summary>What has a socket by which a bus rings: a link, or a watcher.</summary>
internal interface IRung
{
    /// <summary>The socket's number.</summary>
    int SocketNumber { get; }

    /// <summary>The bus has rung, or has gone.</summary>
    /// <param name="isGone">True if it has gone.</param>
    void OnRing(bool isGone);

    /// <summary>A fault of ours has ended the waiting for rings.</summary>
    /// <param name="fault">The fault, which errors name.</param>
    void EndByFault(Exception fault);
}
