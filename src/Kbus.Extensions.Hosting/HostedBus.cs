using System.Runtime.CompilerServices;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Kbus.Hosting;

/// <summary>A bus as the services of a host use it: to send values, to ask, and to listen. <c>AddKbus</c> provides it.</summary>
/// <remarks>
/// Any thread may call. Sends and questions share one Ksock, which is opened when it is first needed, and again after the bus has died. What was in
/// flight then is never sent again: the call fails and says what is known of it.
/// </remarks>
public sealed class HostedBus : IAsyncDisposable, IDisposable
{
    private readonly SemaphoreSlim _opening = new(1, 1);
    private readonly IMessageSerializer? _serializer;
    private readonly string _key;
    private Ksock? _ksock;
    private volatile bool _isDisposed;

    internal HostedBus(string key, IServiceProvider services)
    {
        _key = key;
        _serializer = services.GetKeyedService<IMessageSerializer>(key);
        Options = services.GetRequiredService<IOptionsMonitor<HostedBusOptions>>().Get(key);
        Time = services.GetService<TimeProvider>() ?? TimeProvider.System;
    }

    /// <summary>What reads and writes the data of typed messages.</summary>
    /// <exception cref="InvalidOperationException">None was named by <see cref="KbusBuilder.UseJson"/> or <see cref="KbusBuilder.UseSerializer"/>.</exception>
    public IMessageSerializer Serializer => _serializer ?? throw new InvalidOperationException(
        $"Typed messages need a serializer: AddKbus({(_key.Length == 0 ? "" : $"\"{_key}\"")}).UseJson(MyContext.Default).");

    internal HostedBusOptions Options { get; }

    internal TimeProvider Time { get; }

    /// <summary>Announces a value.</summary>
    /// <param name="name">The message's name.</param>
    /// <param name="value">The value.</param>
    /// <param name="flags">The message's flags.</param>
    /// <param name="cancellationToken">Gives the send up, if the bus has not begun with it.</param>
    /// <typeparam name="T">The type of the value.</typeparam>
    /// <returns>The id that the bus gave the message.</returns>
    /// <exception cref="KbusException">It could not be sent; as for <see cref="Ksock.Send(Message)"/>.</exception>
    public async Task<MessageId> SendAsync<T>(string name, T value, MessageFlags flags = MessageFlags.None, CancellationToken cancellationToken = default)
    {
        Ksock ksock = await GetKsockAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return await ksock.SendAsync(Serializer, name, value, flags, cancellationToken).ConfigureAwait(false);
        }
        catch (KbusException e) when (e.Errno == Errno.ENODEV)
        {
            Forget(ksock);
            throw;
        }
    }

    /// <summary>Asks with a value and waits for the value that answers it.</summary>
    /// <param name="name">The Request's name.</param>
    /// <param name="question">The data of the Request.</param>
    /// <param name="timeout">How long to wait at most; null for <see cref="HostedBusOptions.AskTimeout"/>.</param>
    /// <param name="cancellationToken">Ends the wait. The replier may still act on the Request.</param>
    /// <typeparam name="TRequest">The type of the question.</typeparam>
    /// <typeparam name="TReply">The type of the answer.</typeparam>
    /// <returns>The answer.</returns>
    /// <exception cref="ErrorReplyException">The replier failed, and says why.</exception>
    /// <exception cref="NoReplyException">EREMOTEIO: a Status came, which says why there is no Reply.</exception>
    /// <exception cref="ReplyTimeoutException">ETIMEDOUT: the time ran out.</exception>
    /// <exception cref="KbusException">It could not be sent; as for <see cref="Ksock.Send(Message)"/>.</exception>
    /// <exception cref="FormatException">The data of the Reply is no such value.</exception>
    public async Task<TReply> AskAsync<TRequest, TReply>(
        string name, TRequest question, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        Ksock ksock = await GetKsockAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            // Answers to questions that were given up come as ordinary messages, and would fill the queue.
            while (ksock.ReadNextMessage() is not null)
            {
            }

            return await ksock.AskAsync<TRequest, TReply>(Serializer, name, question, timeout ?? Options.AskTimeout, cancellationToken).ConfigureAwait(false);
        }
        catch (KbusException e) when (e.Errno == Errno.ENODEV)
        {
            Forget(ksock);
            throw;
        }
    }

    /// <summary>Listens to values, on a Ksock of its own, from the first step of the reading on until it ends.</summary>
    /// <param name="name">A message name, or one that ends in <c>.*</c> or <c>.%</c>.</param>
    /// <param name="cancellationToken">Ends the listening.</param>
    /// <typeparam name="T">The type of the values.</typeparam>
    /// <exception cref="KbusException">There is no bus, it refused the binding, or it has died.</exception>
    /// <exception cref="FormatException">The data of a message is no such value.</exception>
    public async IAsyncEnumerable<T> ListenAsync<T>(string name, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        Ksock ksock = await OpenKsockAsync(cancellationToken).ConfigureAwait(false);
        await using ConfiguredAsyncDisposable closing = ksock.ConfigureAwait(false);
        ksock.Bind(name);
        await foreach (Message message in ksock.ReceiveAllAsync(cancellationToken).ConfigureAwait(false))
        {
            yield return Serializer.Read<T>(message.Data.Span);
        }
    }

    /// <summary>Opens a Ksock on this bus that belongs to the caller, for everything that has no call here.</summary>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The Ksock; dispose of it to close it.</returns>
    /// <exception cref="KbusException">As for <see cref="Ksock.Open"/>.</exception>
    public async Task<Ksock> OpenKsockAsync(CancellationToken cancellationToken = default)
    {
        Ksock ksock = await Ksock.OpenAsync(Options.Device, KsockMode.ReadWrite, Options.ForKsock(Time), cancellationToken).ConfigureAwait(false);
        try
        {
            _ = ksock.SetMaxMessages(Options.MaxMessages ?? 0);
            return ksock;
        }
        catch
        {
            await ksock.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Makes sure that the bus answers.</summary>
    /// <exception cref="KbusException">It does not.</exception>
    internal async Task CheckAsync(CancellationToken cancellationToken)
    {
        Ksock ksock = await GetKsockAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            // A bus that stands still must not keep this thread.
            await Task.Run(() => ksock.MaxMessages, CancellationToken.None).WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (KbusException e) when (e.Errno == Errno.ENODEV)
        {
            Forget(ksock);
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _isDisposed = true;
        if (Interlocked.Exchange(ref _ksock, null) is { } ksock)
        {
            await ksock.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _isDisposed = true;
        Interlocked.Exchange(ref _ksock, null)?.Dispose();
    }

    private async ValueTask<Ksock> GetKsockAsync(CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref _ksock) is { } open)
        {
            return open;
        }

        await _opening.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            return _ksock ??= await OpenKsockAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _ = _opening.Release();
        }
    }

    /// <summary>The bus of this Ksock has died: the next call opens another. Answers that it holds for others are still read by them.</summary>
    private void Forget(Ksock ksock) => _ = Interlocked.CompareExchange(ref _ksock, null, ksock);
}
