namespace Kbus.Device;

/// <summary>The eighteen commands of a Ksock's file, as 64-bit programs write them. Spec section 7.</summary>
internal static class IoctlCode
{
    public const uint Reset = 0x00006B01;
    public const uint Bind = 0x40086B02;
    public const uint Unbind = 0x40086B03;
    public const uint KsockId = 0x80086B04;
    public const uint Replier = 0xC0086B05;
    public const uint NextMessage = 0x80086B06;
    public const uint LengthLeft = 0x80086B07;
    public const uint Send = 0x80086B08;
    public const uint Discard = 0x00006B09;
    public const uint LastSent = 0x80086B0A;
    public const uint MaxMessages = 0xC0086B0B;
    public const uint NumMessages = 0x80086B0C;
    public const uint UnrepliedTo = 0x80086B0D;
    public const uint OnlyOnce = 0xC0086B0E;
    public const uint Verbose = 0xC0086B0F;
    public const uint NewDevice = 0x80086B10;
    public const uint ReportReplierBinds = 0xC0086B11;
    public const uint MaxMessageSize = 0xC0086B12;
}
