namespace Kbus.Link;

/// <summary>Why a Ksock closed.</summary>
internal enum WatchEnd : uint
{
    /// <summary>Its process closed it.</summary>
    Closed = 0,

    /// <summary>Its process has ended without closing it.</summary>
    ProcessEnded = 1,

    /// <summary>Its process hung up without closing it, and lives on.</summary>
    HungUp = 2,

    /// <summary>Its process wrote nonsense into the shared memory.</summary>
    Misbehaved = 3,

    /// <summary>The policy does not let it be open any more.</summary>
    Forbidden = 4,
}
