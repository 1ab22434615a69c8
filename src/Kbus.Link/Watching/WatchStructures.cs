using System.Runtime.InteropServices;
using Kbus.Core;

namespace Kbus.Link;

/// <summary>The beginning of each record in a watcher's ring. All numbers are little-endian.</summary>
/// <param name="Number">The event's number: ascends by one with each event that somebody could watch on this bus.</param>
/// <param name="Time">When it happened: nanoseconds of the machine's monotonic clock.</param>
/// <param name="Ksock">Whose operation it was; 0 for the bus itself.</param>
/// <param name="Outcome">0, or the errno with which it was refused; of a message EAGAIN while it waits.</param>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct WatchHead(ulong Number, long Time, uint Ksock, int Outcome)
{
    /// <summary>Its bytes.</summary>
    public const int Size = 24;
}

/// <summary>What is told of a message. Its recipients follow (<see cref="WatchRecipient"/>), its name and the told part of its data, each padded to 8 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct WatchMessage
{
    /// <summary>Its bytes.</summary>
    public const int Size = MessageHeader.Size + (4 * sizeof(uint));

    /// <summary>The header as the bus has it. It has the lengths of name and data.</summary>
    public MessageHeader Header;

    /// <summary>All recipients.</summary>
    public uint RecipientCount;

    /// <summary>The recipients that are told.</summary>
    public uint Recipients;

    /// <summary>The bytes of its data that are told.</summary>
    public uint DataBytes;

    /// <summary>0.</summary>
    public uint Reserved;
}

/// <summary>One recipient of a message.</summary>
/// <param name="Ksock">Its id.</param>
/// <param name="Fate">What became of its copy: a <see cref="CopyFate"/>.</param>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct WatchRecipient(uint Ksock, uint Fate)
{
    /// <summary>Its bytes.</summary>
    public const int Size = 8;
}

/// <summary>What is told of a Ksock.</summary>
/// <param name="ProcessId">The process that opened it.</param>
/// <param name="UserId">That process's user.</param>
/// <param name="Mode">What it was opened for: a <see cref="KsockMode"/>.</param>
/// <param name="NetworkId">The network id if it is a Limpet's, otherwise 0.</param>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct WatchKsock(int ProcessId, uint UserId, uint Mode, uint NetworkId)
{
    /// <summary>Its bytes.</summary>
    public const int Size = 16;
}

/// <summary>What is told of a binding. Its name follows.</summary>
/// <param name="Flags">Bit 0: as replier. Bit 1: it ended because the Ksock may not have it any more.</param>
/// <param name="Length">Bytes of the name.</param>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct WatchName(uint Flags, uint Length)
{
    /// <summary>Its bytes.</summary>
    public const int Size = 8;

    /// <summary>As replier.</summary>
    public const uint Replier = 1;

    /// <summary>It ended because the Ksock may not have it any more.</summary>
    public const uint Revoked = 2;
}

/// <summary>Two numbers, whose meaning depends on the record.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct WatchDetail(ulong First, ulong Second)
{
    /// <summary>Its bytes.</summary>
    public const int Size = 16;
}
