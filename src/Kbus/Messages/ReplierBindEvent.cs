using System.Buffers.Binary;
using System.Text;
using Kbus.Core;

namespace Kbus;

/// <summary>What the data of a <c>$.KBUS.ReplierBindEvent</c> message says. Source: spec section 6.5.</summary>
/// <param name="IsBind">True if the replier has bound, false if it has unbound.</param>
/// <param name="Binder">The replier's Ksock id.</param>
/// <param name="BoundName">The name that it is bound to, possibly with a wildcard.</param>
public readonly record struct ReplierBindEvent(bool IsBind, uint Binder, string BoundName)
{
    /// <summary>The name of the messages that carry such data.</summary>
    public const string MessageName = "$.KBUS.ReplierBindEvent";

    private const int FixedLength = 3 * sizeof(uint);

    /// <summary>Reads the event that a message carries.</summary>
    /// <param name="message">Any message.</param>
    /// <param name="bindEvent">What it says.</param>
    /// <returns>False if it is no such message or its data is malformed.</returns>
    public static bool TryRead(Message message, out ReplierBindEvent bindEvent)
    {
        ArgumentNullException.ThrowIfNull(message);
        bindEvent = default;
        return message.Kind == MessageKind.ReplierBindEvent && TryRead(message.Data.Span, out bindEvent);
    }

    /// <summary>Splits the data of such a message.</summary>
    /// <param name="data">The data.</param>
    /// <param name="bindEvent">What it says.</param>
    /// <returns>False if the data is malformed.</returns>
    public static bool TryRead(ReadOnlySpan<byte> data, out ReplierBindEvent bindEvent)
    {
        bindEvent = default;
        if (data.Length < FixedLength)
        {
            return false;
        }

        uint nameLength = BinaryPrimitives.ReadUInt32LittleEndian(data[(2 * sizeof(uint))..]);
        if (data.Length != FixedLength + MessageLayout.PaddedNameLength(nameLength))
        {
            return false;
        }

        string name = Encoding.Latin1.GetString(data.Slice(FixedLength, (int)nameLength));
        bindEvent = new(BinaryPrimitives.ReadUInt32LittleEndian(data) != 0, BinaryPrimitives.ReadUInt32LittleEndian(data[sizeof(uint)..]), name);
        return true;
    }

    /// <summary>The printed form, such as <c>[Bind '$.Fred' for 7]</c>.</summary>
    public override string ToString() => $"[{(IsBind ? "Bind" : "Unbind")} '{PrintableText.Of(BoundName)}' for {Binder}]";
}
