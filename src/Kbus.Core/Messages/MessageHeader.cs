using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Kbus.Core;

/// <summary>The header of a message, byte for byte as the original has it on 64-bit machines: 88 bytes in host order.</summary>
/// <remarks>
/// In the <em>entire</em> form both pointers are 0 and the padded name, the padded data and a second end guard follow. In the
/// <em>pointy</em> form the header stands alone and points at name and data in the sender's memory. Source: spec sections 3.1, 3.2.
/// </remarks>
[StructLayout(LayoutKind.Sequential, Size = Size)]
internal struct MessageHeader
{
    /// <summary>Bytes in a header.</summary>
    public const int Size = 88;

    /// <summary>The value of <see cref="StartGuard"/>: the bytes <c>K b u s</c>.</summary>
    public const uint StartGuardValue = 0x7375624B;

    /// <summary>The value of <see cref="EndGuard"/> and of the word that ends an entire message: the bytes <c>s u b K</c>.</summary>
    public const uint EndGuardValue = 0x4B627573;

    /// <summary>The offset of <see cref="Flags"/>, in bytes from the start.</summary>
    public const int FlagsOffset = 48;

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
    private uint _padding;
    public ulong NamePointer;
    public ulong DataPointer;
    public uint EndGuard;
    private uint _tailPadding;

    /// <summary>Makes it the header of an entire message, with nothing of what the sender left in the gaps.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void MakeEntire()
    {
        StartGuard = StartGuardValue;
        EndGuard = EndGuardValue;
        NamePointer = 0;
        DataPointer = 0;
        _padding = 0;
        _tailPadding = 0;
    }

    /// <summary>True if the header stands alone and points at its name.</summary>
    public readonly bool IsPointy => NamePointer != 0;

    /// <summary>True if this message wants a reply.</summary>
    public readonly bool IsRequest => (Flags & MessageFlags.WantAReply) != 0;

    /// <summary>True if this message answers a Request.</summary>
    public readonly bool IsReply => !InReplyTo.IsNone;

    /// <summary>
    /// Of a Limpet's message: true if it was only overheard on the other bus, a Request that was not for the Limpet to answer, or a Reply
    /// for nobody on this bus.
    /// </summary>
    public readonly bool IsOverheard => IsRequest ? (Flags & MessageFlags.WantYouToReply) == 0 : IsReply && To == 0;

    /// <summary>Bytes of the entire form of this message; may exceed 32 bits when a length is nonsense (D11).</summary>
    public readonly long EntireLength => MessageLayout.EntireLength(NameLength, DataLength);
}
