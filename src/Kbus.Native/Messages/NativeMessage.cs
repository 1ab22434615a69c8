using System.Runtime.InteropServices;

namespace Kbus.Native;

/// <summary>A message as C programs have it: <c>struct kbus_message_header</c> of <c>linux/kbus_defns.h</c>.</summary>
/// <remarks>
/// Pointy, if it points at its name, or entire: then padded name, padded data and a second end guard follow it in memory. It lies in the
/// caller's memory and is the caller's to keep as it is during a call. Source: spec sections 3.1 and 3.2.
/// </remarks>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NativeMessage
{
    /// <summary>Bytes of the header.</summary>
    public const int Size = 88;

    /// <summary>The word that every message begins with.</summary>
    public const uint StartGuardValue = 0x7375624B;

    /// <summary>The word that ends a header, and an entire message.</summary>
    public const uint EndGuardValue = 0x4B627573;

    public uint StartGuard;
    public MessageId Id;
    public MessageId InReplyTo;
    public uint To;
    public uint From;
    public OrigFrom OrigFrom;
    public OrigFrom FinalTo;
    public uint Extra;
    public MessageFlags Flags;
    public uint NameLength;
    public uint DataLength;
    public byte* NamePointer;
    public byte* DataPointer;
    public uint EndGuard;
    private readonly uint _tailPadding;

    /// <summary>Whether it points at its name and data.</summary>
    public readonly bool IsPointy => NamePointer != null;

    /// <summary>Whether it is a Request.</summary>
    public readonly bool IsRequest => (Flags & MessageFlags.WantAReply) != 0;

    /// <summary>Whether it answers a Request.</summary>
    public readonly bool IsReply => InReplyTo != default;

    /// <summary>Bytes of the padded name.</summary>
    public readonly long PaddedNameLength => PaddedName(NameLength);

    /// <summary>Bytes of its entire form.</summary>
    public readonly long EntireLength => EntireLengthOf(NameLength, DataLength);

    /// <summary>Bytes of a name with its NUL, padded to whole words.</summary>
    public static long PaddedName(uint length) => 4L * (((long)length + 4) / 4);

    /// <summary>Bytes of an entire message; more than 32 bits can hold if a length is nonsense.</summary>
    public static long EntireLengthOf(uint nameLength, uint dataLength) =>
        Size + PaddedName(nameLength) + (4L * (((long)dataLength + 3) / 4)) + sizeof(uint);

    /// <summary>Where a message's name is.</summary>
    public static byte* Name(NativeMessage* message) => message->IsPointy ? message->NamePointer : (byte*)message + Size;

    /// <summary>Where a message's data is; null if it has none.</summary>
    public static byte* Data(NativeMessage* message) => message->DataLength == 0 ? null
        : message->IsPointy ? message->DataPointer
        : (byte*)message + Size + message->PaddedNameLength;

    /// <summary>A message's name as bytes.</summary>
    public static ReadOnlySpan<byte> NameBytes(NativeMessage* message) => Bytes(Name(message), message->NameLength);

    /// <summary>A message's data as bytes.</summary>
    public static ReadOnlySpan<byte> DataBytes(NativeMessage* message) => Bytes(Data(message), message->DataLength);

    private static ReadOnlySpan<byte> Bytes(byte* start, uint length) =>
        start == null ? default : new ReadOnlySpan<byte>(start, (int)Math.Min(length, int.MaxValue));
}
