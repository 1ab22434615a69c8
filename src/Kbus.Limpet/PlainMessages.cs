using System.Runtime.InteropServices;
using Kbus.Core;
using Kbus.Hosts;

namespace Kbus.Limpets;

/// <summary>Makes frames of announcements where the bus put them: what most of a Limpet's work is, done without copying a message
/// twice.</summary>
/// <remarks>Any other message, and all behind it, are left to the rules.</remarks>
/// <param name="rules">Say which announcements are plain.</param>
/// <param name="termination">The name that ends the Limpet; null if there is none.</param>
/// <param name="frames">Receive the frames. Their former contents stay in any case.</param>
/// <param name="most">Bytes of frames after which no more are made.</param>
internal readonly struct PlainMessages(LimpetRules rules, byte[]? termination, FrameWriter frames, int most) : IMessageReader
{
    /// <inheritdoc/>
    public bool TryRead(ReadOnlySpan<byte> entire)
    {
        if (frames.Count > most || entire.Length < MessageHeader.Size)
        {
            return false;
        }

        MessageHeader header = MemoryMarshal.Read<MessageHeader>(entire);
        if (header.NameLength > MessageName.MaxLength || header.EntireLength != entire.Length)
        {
            return false;
        }

        ReadOnlySpan<byte> name = entire.Slice(MessageHeader.Size, (int)header.NameLength);
        if (!rules.IsPlain(ref header, name) || (termination is not null && name.SequenceEqual(termination)))
        {
            return false;
        }

        frames.AddEntire(header, entire[MessageHeader.Size..^MessageLayout.FinalGuardLength]);
        return true;
    }
}
