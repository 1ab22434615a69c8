namespace Kbus.Link;

/// <summary>What a Ksock is opened for, as a file would be.</summary>
[Flags]
internal enum LinkMode : uint
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Receiving.</summary>
    Read = 1,

    /// <summary>Sending.</summary>
    Write = 2,

    /// <summary>Both.</summary>
    ReadWrite = Read | Write,
}
