using System.Text;

namespace Kbus.Core.Tests;

/// <summary>Messages of the bus, put into the model's words.</summary>
internal static class RealMessage
{
    /// <summary>The model's printed form of a message that was delivered.</summary>
    public static string Print(in DeliveredMessage delivered)
    {
        StoredMessage message = delivered.Message;
        MessageHeader header = message.Header;
        return new NaiveMessage(
            Encoding.Latin1.GetString(message.Name), message.Data.ToArray(), header.Id, header.InReplyTo, header.To, header.From, delivered.Flags).ToString();
    }

    /// <summary>Composes what the model describes, in the bus's pool.</summary>
    public static StoredMessage Compose(Bus bus, NaiveMessage message)
    {
        var header = new MessageHeader { Id = message.Id, InReplyTo = message.InReplyTo, To = message.To, Flags = message.Flags };
        StoredMessage composed = bus.Pool.Compose(header, Encoding.Latin1.GetBytes(message.Name), message.Data);
        composed.Tag = message.Tag;
        return composed;
    }
}
