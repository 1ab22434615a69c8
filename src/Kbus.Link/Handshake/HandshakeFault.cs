namespace Kbus.Link;

/// <summary>What was wrong with a record of the handshake.</summary>
internal enum HandshakeFault
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>The other side is not KBUS at all.</summary>
    NotKbus,

    /// <summary>The other side speaks another version.</summary>
    OtherVersion,

    /// <summary>The version is right and the content is not.</summary>
    Malformed,

    /// <summary>The other side hung up before the record was complete.</summary>
    HungUp,

    /// <summary>This process has no descriptors left for those that the other side passed.</summary>
    NoDescriptors,

    /// <summary>The kernel or a filter forbids this process a system call that the handshake needs.</summary>
    CallRefused,

    /// <summary>The other side did not send, or not read, in the time given.</summary>
    TimedOut,

    /// <summary>A signal handler has run in the waiting thread.</summary>
    Interrupted,
}
