using System.Buffers;

namespace Kbus.Hosting;

/// <summary>Values sent and asked for by a Ksock: their data is written and read by a serializer.</summary>
public static class TypedMessages
{
    /// <summary>Announces a value.</summary>
    /// <param name="ksock">The Ksock that sends.</param>
    /// <param name="serializer">Writes the data.</param>
    /// <param name="name">The message's name.</param>
    /// <param name="value">The value.</param>
    /// <param name="flags">The message's flags.</param>
    /// <param name="cancellationToken">Gives the send up, if the bus has not begun with it.</param>
    /// <typeparam name="T">The type of the value.</typeparam>
    /// <returns>The id that the bus gave the message.</returns>
    /// <exception cref="KbusException">It could not be sent; as for <see cref="Ksock.Send(Message)"/>.</exception>
    /// <exception cref="NotSupportedException">The serializer does not know the type.</exception>
    public static ValueTask<MessageId> SendAsync<T>(
        this Ksock ksock, IMessageSerializer serializer, string name, T value, MessageFlags flags = MessageFlags.None, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(ksock);
        return ksock.SendAsync(new Announcement(name, Write(serializer, value), flags), cancellationToken);
    }

    /// <summary>Asks with a value and waits for the value that answers it.</summary>
    /// <param name="ksock">The Ksock that asks.</param>
    /// <param name="serializer">Writes and reads the data.</param>
    /// <param name="name">The Request's name.</param>
    /// <param name="question">The data of the Request.</param>
    /// <param name="timeout">How long to wait at most; null for ever.</param>
    /// <param name="cancellationToken">Ends the wait; the answer, if one comes, is then an ordinary message.</param>
    /// <typeparam name="TRequest">The type of the question.</typeparam>
    /// <typeparam name="TReply">The type of the answer.</typeparam>
    /// <returns>The answer.</returns>
    /// <exception cref="ErrorReplyException">The replier failed, and says why.</exception>
    /// <exception cref="NoReplyException">EREMOTEIO: a Status came, which says why there is no Reply.</exception>
    /// <exception cref="ReplyTimeoutException">ETIMEDOUT: the time ran out.</exception>
    /// <exception cref="KbusException">It could not be sent; as for <see cref="Ksock.Send(Message)"/>.</exception>
    /// <exception cref="FormatException">The data of the Reply is no such value.</exception>
    /// <exception cref="NotSupportedException">The serializer does not know a type.</exception>
    public static async Task<TReply> AskAsync<TRequest, TReply>(
        this Ksock ksock, IMessageSerializer serializer, string name, TRequest question, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(ksock);
        Reply reply = await ksock.AskAsync(new Request(name, Write(serializer, question)), timeout, cancellationToken).ConfigureAwait(false);
        return ErrorReply.Read(reply) is { } error ? throw new ErrorReplyException(error, reply) : serializer.Read<TReply>(reply.Data.Span);
    }

    internal static ReadOnlyMemory<byte> Write<T>(IMessageSerializer serializer, T value)
    {
        ArgumentNullException.ThrowIfNull(serializer);
        var output = new ArrayBufferWriter<byte>();
        serializer.Write(output, value);
        return output.WrittenMemory;
    }
}
