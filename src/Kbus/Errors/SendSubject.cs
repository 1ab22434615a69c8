using Kbus.Core;

namespace Kbus;

/// <summary>What an error tells of a message after the message itself has gone.</summary>
internal sealed class SendSubject(in MessageHeader header, ReadOnlySpan<byte> name, int dataLength)
{
    private readonly MessageHeader _header = header;

    /// <summary>Its header.</summary>
    public ref readonly MessageHeader Header => ref _header;

    /// <summary>Its name; no more of one that is too long than shows that it is.</summary>
    public byte[] Name { get; } = name.ToArray();

    /// <summary>Bytes of its data.</summary>
    public int DataLength { get; } = dataLength;
}
