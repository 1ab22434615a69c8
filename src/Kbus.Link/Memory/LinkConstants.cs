using System.Runtime.InteropServices;

namespace Kbus.Link;

/// <summary>The words of the header page that never change after the handshake.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct LinkConstants
{
    /// <summary><see cref="LinkLayout.Magic"/>.</summary>
    public uint Magic;

    /// <summary><see cref="LinkLayout.Version"/>.</summary>
    public uint Version;

    /// <summary>The bus's number for this Ksock.</summary>
    public uint KsockId;

    /// <summary>The number of the bus.</summary>
    public uint Device;

    /// <summary>The number of completion slots.</summary>
    public uint CompletionSlots;

    /// <summary>The size of the command ring.</summary>
    public uint CommandRingSize;

    /// <summary>The size of the delivery ring.</summary>
    public uint DeliveryRingSize;
}
