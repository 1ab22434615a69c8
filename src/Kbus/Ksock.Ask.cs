namespace Kbus;

// Asking for a Reply, where anything else is an exception.
public sealed partial class Ksock
{
    /// <summary>Sends a Request and waits for its Reply. Other messages that come meanwhile stay in the queue, in their order.</summary>
    /// <remarks>What <see cref="Request(Message, TimeSpan?)"/> gives as a Status or as null is an exception here.</remarks>
    /// <param name="request">The Request.</param>
    /// <param name="timeout">How long to wait at most; null for ever.</param>
    /// <returns>The Reply.</returns>
    /// <exception cref="ArgumentException">The message is not a Request.</exception>
    /// <exception cref="NoReplyException">EREMOTEIO: a Status came, which says why there is no Reply.</exception>
    /// <exception cref="ReplyTimeoutException">ETIMEDOUT: the time ran out. A late answer is then an ordinary message.</exception>
    /// <exception cref="KbusException">It could not be sent; as for <see cref="Send(Message)"/>.</exception>
    /// <exception cref="ObjectDisposedException">The Ksock is closed, or was closed by another thread meanwhile.</exception>
    public Reply Ask(Message request, TimeSpan? timeout = null) => ReplyOf(request, Request(request, timeout), timeout);

    /// <summary>Sends a Request with text, in UTF-8, and waits for its Reply, as <see cref="Ask(Message, TimeSpan?)"/> does.</summary>
    /// <param name="name">The Request's name.</param>
    /// <param name="text">The data as text; null or empty for none.</param>
    /// <param name="timeout">How long to wait at most; null for ever.</param>
    /// <returns>The Reply.</returns>
    /// <exception cref="ArgumentException">The name is not that of a message.</exception>
    /// <exception cref="KbusException">As for <see cref="Ask(Message, TimeSpan?)"/>.</exception>
    /// <exception cref="ObjectDisposedException">The Ksock is closed, or was closed by another thread meanwhile.</exception>
    public Reply Ask(string name, string? text = null, TimeSpan? timeout = null) => Ask(new Request(name, text), timeout);

    /// <summary>Sends a Request and waits for its Reply without blocking. Many may be in flight at once.</summary>
    /// <remarks>What <see cref="RequestAsync"/> gives as a Status or as null is an exception here.</remarks>
    /// <param name="request">The Request.</param>
    /// <param name="timeout">How long to wait at most; null for ever.</param>
    /// <param name="cancellationToken">Ends the wait; the answer, if one comes, is then an ordinary message.</param>
    /// <returns>The Reply.</returns>
    /// <exception cref="ArgumentException">The message is not a Request.</exception>
    /// <exception cref="NoReplyException">EREMOTEIO: a Status came, which says why there is no Reply.</exception>
    /// <exception cref="ReplyTimeoutException">ETIMEDOUT: the time ran out. A late answer is then an ordinary message.</exception>
    /// <exception cref="KbusException">It could not be sent; as for <see cref="Send(Message)"/>.</exception>
    /// <exception cref="OperationCanceledException">The wait was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The Ksock is closed, or was closed meanwhile.</exception>
    public async Task<Reply> AskAsync(Message request, TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        ReplyOf(request, await RequestAsync(request, timeout, cancellationToken).ConfigureAwait(false), timeout);

    /// <summary>Sends a Request with text, in UTF-8, and waits for its Reply, as the other form of this call does.</summary>
    /// <param name="name">The Request's name.</param>
    /// <param name="text">The data as text; null or empty for none.</param>
    /// <param name="timeout">How long to wait at most; null for ever.</param>
    /// <param name="cancellationToken">Ends the wait; the answer, if one comes, is then an ordinary message.</param>
    /// <returns>The Reply.</returns>
    /// <exception cref="ArgumentException">The name is not that of a message.</exception>
    /// <exception cref="KbusException">As for the other form.</exception>
    /// <exception cref="OperationCanceledException">The wait was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The Ksock is closed, or was closed meanwhile.</exception>
    public Task<Reply> AskAsync(string name, string? text = null, TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        AskAsync(new Request(name, text), timeout, cancellationToken);

    private Reply ReplyOf(Message request, Message? answer, TimeSpan? timeout) => answer switch
    {
        Reply reply => reply,
        Status status => throw Refusals.OfStatus(status, request.NameBytes, Name),
        _ => throw Refusals.OfNoAnswer(request.NameBytes, timeout.GetValueOrDefault(), Name),
    };
}
