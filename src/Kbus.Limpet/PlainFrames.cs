using Kbus.Core;
using Kbus.Hosts;
using Kbus.Link;

namespace Kbus.Limpets;

/// <summary>Hands announcements to the bus from where they were read: what most of a Limpet's work is, done without keeping anything of them.</summary>
/// <remarks>It ends before the first frame that is something else, which is left to the rules with all that are behind it.</remarks>
/// <param name="reader">Where they are.</param>
/// <param name="rules">Say which announcements are plain.</param>
/// <param name="scratch">One element, for the header of the one that is being handed over.</param>
internal struct PlainFrames(FrameReader reader, LimpetRules rules, MessageHeader[] scratch) : IAnnouncements
{
    /// <summary>How many were handed over.</summary>
    public int Count { get; private set; }

    /// <summary>How many of them could not be sent.</summary>
    public int Refused { get; private set; }

    /// <inheritdoc/>
    public bool TryNext(out OutgoingMessage message)
    {
        message = default;
        ref MessageHeader header = ref scratch[0];
        if (!reader.TryLook(ref header) || !IsSmall(header) || !rules.IsPlainFromPeer(header, reader.Name))
        {
            return false;
        }

        reader.Advance();
        Count++;
        message = new OutgoingMessage(in header, reader.Name, reader.Data);
        return true;
    }

    /// <inheritdoc/>
    public void Refuse(Errno error) => Refused++;

    private static bool IsSmall(in MessageHeader header) =>
        MessageLayout.EntireLength(header.NameLength, header.DataLength) <= MessageSizes.LargestInline;
}
