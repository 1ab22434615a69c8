using Kbus.Core;
using Kbus.Hosts;
using Kbus.Link;

namespace Kbus.Limpets;

/// <summary>Hands announcements to the bus from where they were read: what most of a Limpet's work is, done without keeping anything of
/// them.</summary>
/// <remarks>It ends before the first frame of another kind. That frame and all behind it are left to the rules.</remarks>
/// <param name="reader">Where they are.</param>
/// <param name="rules">Say which announcements are plain.</param>
/// <param name="scratch">One element, for the header of the one that is being handed over.</param>
internal struct PlainFrames(FrameReader reader, LimpetRules rules, MessageHeader[] scratch) : IAnnouncements
{
    /// <summary>The number of messages handed over.</summary>
    public int Count { get; private set; }

    /// <summary>The number of them that could not be sent.</summary>
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
