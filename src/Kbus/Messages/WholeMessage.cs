using System.Runtime.CompilerServices;
using Kbus.Core;
using Kbus.Hosts;

namespace Kbus;

/// <summary>Where the parts of a message are that lies in a program's memory, pointy or entire: what its header said when it was looked at.</summary>
internal readonly unsafe struct WholeMessage(in MessageHeader header)
{
    private readonly byte* _name = (byte*)header.NamePointer;
    private readonly byte* _data = (byte*)header.DataPointer;
    private readonly uint _dataLength = header.DataLength;

    /// <summary>Bytes of its name.</summary>
    public uint NameLength { get; } = header.NameLength;

    /// <summary>Whether header, name and data lie apart.</summary>
    public bool IsPointy => _name != null;

    /// <summary>Checks a complete header, of either form, against what was looked at.</summary>
    /// <returns>None, EINVAL, ENAMETOOLONG or EMSGSIZE.</returns>
    public Errno Check(in MessageHeader header, uint mostBytes) =>
        MessageCheck.Header(header, NameLength, _dataLength, (ulong)_name, (ulong)_data, mostBytes);

    /// <summary>Whether the final guard is there that an entire message ends with.</summary>
    /// <param name="message">Where the message is.</param>
    public bool IsGuarded(byte* message) =>
        *(uint*)(message + MessageLayout.EntireLength(NameLength, _dataLength) - MessageLayout.FinalGuardLength) == MessageHeader.EndGuardValue;

    /// <summary>Its name.</summary>
    /// <param name="message">Where the message is.</param>
    public ReadOnlySpan<byte> NameOf(byte* message) => new(IsPointy ? _name : message + MessageHeader.Size, (int)NameLength);

    /// <summary>Its name, for an error that tells of it; empty if the header does not say credibly where it is.</summary>
    /// <param name="message">Where the message is.</param>
    public ReadOnlySpan<byte> CredibleNameOf(byte* message)
    {
        // Wrong flags and too many data are what such an error may be about: the name is where it should be all the same.
        MessageHeader looked = *(MessageHeader*)message;
        looked.Flags = MessageFlags.None;
        return Check(looked, uint.MaxValue) is Errno.None or Errno.EMSGSIZE ? NameOf(message) : default;
    }

    /// <summary>Its data.</summary>
    /// <param name="message">Where the message is.</param>
    public ReadOnlySpan<byte> DataOf(byte* message) => _dataLength == 0
        ? default
        : new(IsPointy ? _data : message + MessageLayout.DataOffset(NameLength), (int)_dataLength);

    /// <summary>The message, to be handed to a host.</summary>
    /// <param name="message">Where the message is.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public OutgoingMessage ToSend(byte* message) => IsPointy
        ? new(ref *(MessageHeader*)message, NameOf(message), DataOf(message))
        : new(Entire(message), NameLength);

    /// <summary>An entire message, from its header to the end of its data.</summary>
    /// <param name="message">Where the message is.</param>
    public ReadOnlySpan<byte> Entire(byte* message) => new(message, MessageLayout.DataOffset(NameLength) + (int)_dataLength);
}
