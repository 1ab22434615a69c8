namespace Kbus.Link;

/// <summary>Why a Ksock closed.</summary>
internal enum WatchEnd : uint
{
    /// <summary>Its process closed it.</summary>
    Closed = 0,

    /// <summary>Its process has ended, or has hung up, without closing it. The socket ends first, so the bus cannot tell the two apart.</summary>
    Died = 1,

    /// <summary>Its process wrote nonsense into the shared memory.</summary>
    Misbehaved = 2,

    /// <summary>The policy does not let it be open any more.</summary>
    Forbidden = 3,
}
