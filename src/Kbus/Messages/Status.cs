using Kbus.Core;

namespace Kbus;

/// <summary>The bus's own answer to a Request whose replier gave none; its name says why. Only ever read, never made. Source: spec section 6.1.</summary>
/// <remarks><c>$.KBUS.Replier.GoneAway</c>, <c>.Ignored</c>, <c>.Unbound</c>, <c>.Disappeared</c>, <c>$.KBUS.ErrorSending</c>, and those of Limpets.</remarks>
public sealed class Status : Message
{
    internal Status(in MessageHeader header, byte[] nameBytes, byte[] data)
        : base(header, nameBytes, data)
    {
    }
}
