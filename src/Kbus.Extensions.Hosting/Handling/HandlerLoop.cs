using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Kbus.Hosting;

/// <summary>One handler at work: its Ksock, the reading of messages, and what it owes.</summary>
/// <remarks>
/// Each handler has a Ksock of its own, so that a slow one holds up no other. A message is read only when the handler has room for it: what waits,
/// waits in the Ksock's queue, where the bus sees it, and where a stop leaves it to the bus to answer.
/// </remarks>
internal sealed class HandlerLoop(Handler handler, HostedBus bus, IServiceScopeFactory scopes, ILogger logger) : IDisposable
{
    private static readonly ErrorReply Stopped = new(ErrorReply.Stopping, "The replier is being stopped.");
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(50);

    private readonly SemaphoreSlim _room = new(handler.Concurrency, handler.Concurrency);
    private readonly ConcurrentDictionary<Debt, bool> _running = new();
    private readonly CancellationTokenSource _end = new();
    private readonly CancellationTokenSource _stopping = new();
    private Task _reading = Task.CompletedTask;
    private Ksock? _ksock;
    private volatile bool _isBound;

    /// <summary>What is handled.</summary>
    public Handler Handler => handler;

    /// <summary>False before the start, after the end, and while a bus that has died was not found again.</summary>
    public bool IsBound => _isBound;

    /// <summary>How long the bus may take to answer while the host stops.</summary>
    private TimeSpan BusTimeout => bus.Options.OpenTimeout;

    /// <summary>Opens the Ksock and binds it. When this has ended, every message of the name comes here.</summary>
    /// <exception cref="KbusException">The bus refused it, or there is none.</exception>
    public async Task BindAsync(CancellationToken cancellationToken)
    {
        Ksock ksock = await bus.OpenKsockAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ksock.Bind(handler.Name, handler.IsReplier);
        }
        catch
        {
            await ksock.DisposeAsync().ConfigureAwait(false);
            throw;
        }

        _ksock = ksock;
        _isBound = true;
        HostingLog.Bound(logger, handler.Part, handler.Name, ksock.Id, ksock.Device);
    }

    /// <summary>Begins to handle messages.</summary>
    public void Begin() => _reading = Task.Run(ReadUntilEndAsync, CancellationToken.None);

    /// <summary>Ends the handling: reads nothing more, gives back what was not read, and answers what is owed.</summary>
    /// <param name="timeLimit">How long handlers that run may go on.</param>
    /// <param name="cancellationToken">Ends their time at once.</param>
    public async Task StopAsync(TimeSpan timeLimit, CancellationToken cancellationToken)
    {
        await _end.CancelAsync().ConfigureAwait(false);
        _ = await EndsAsync(_reading, BusTimeout, cancellationToken).ConfigureAwait(false);
        if (!await EndsAsync(Task.Run(Unbind, CancellationToken.None), BusTimeout, cancellationToken).ConfigureAwait(false))
        {
            HostingLog.NotUnbound(logger, null, handler.Part, handler.Name);
        }

        _ = await EndsAsync(Task.WhenAll(_running.Keys.Select(d => d.Handled.Task)), timeLimit, cancellationToken).ConfigureAwait(false);
        if (!_running.IsEmpty)
        {
            HostingLog.StoppedBeforeEnd(logger, handler.Part, handler.Name, _running.Count);
            Task answering = Task.WhenAll(_running.Keys.Select(d => d.AnswerAsync(Stopped).AsTask()));
            _ = await EndsAsync(answering, BusTimeout, CancellationToken.None).ConfigureAwait(false);
            await _stopping.CancelAsync().ConfigureAwait(false);
        }

        _isBound = false;
        if (_ksock is { } ksock)
        {
            await ksock.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _ksock?.Dispose();
        _end.Dispose();
    }

    private async Task ReadUntilEndAsync()
    {
        while (!_end.IsCancellationRequested)
        {
            try
            {
                await ReadAsync(_ksock!).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (_end.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is KbusException or ObjectDisposedException)
            {
                _isBound = false;
                HostingLog.Lost(logger, e, handler.Part, handler.Name);
                await _ksock!.DisposeAsync().ConfigureAwait(false);
                await BindAgainAsync().ConfigureAwait(false);
            }
        }
    }

    private async Task ReadAsync(Ksock ksock)
    {
        while (true)
        {
            await _room.WaitAsync(_end.Token).ConfigureAwait(false);
            Message message;
            try
            {
                message = (await ksock.ReceiveAsync(null, _end.Token).ConfigureAwait(false))!;
            }
            catch
            {
                _ = _room.Release();
                throw;
            }

            var debt = new Debt(handler, ksock, message, logger);
            _running[debt] = true;

            // Elsewhere: a handler that computes, or blocks, must keep neither other messages nor the end of the reading waiting.
            _ = Task.Run(() => HandleAsync(debt), CancellationToken.None);
        }
    }

    /// <summary>Opens and binds again after the bus has died: at once, and then with pauses that grow, and differ from those of other programs.</summary>
    private async Task BindAgainAsync()
    {
        TimeSpan pause = FirstPause;
        while (true)
        {
            try
            {
                await BindAsync(_end.Token).ConfigureAwait(false);
                return;
            }
            catch (KbusException e)
            {
                HostingLog.NotFoundYet(logger, handler.Part, handler.Name, e.Message);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            TimeSpan next = pause * (0.5 + (Random.Shared.NextDouble() / 2));
            await Task.Delay(next, bus.Time, _end.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            pause = TimeSpan.FromTicks(Math.Min(pause.Ticks * 2, bus.Options.LongestPause.Ticks));
        }
    }

    private async Task HandleAsync(Debt debt)
    {
        try
        {
            await using AsyncServiceScope scope = scopes.CreateAsyncScope();
            ReadOnlyMemory<byte> data = await handler.Handle(new Delivery(debt.Message, scope.ServiceProvider, _stopping.Token)).ConfigureAwait(false);
            await debt.AnswerAsync(data).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            await FailAsync(debt, e).ConfigureAwait(false);
        }
        finally
        {
            _ = _running.TryRemove(debt, out _);
            debt.Handled.SetResult();
            _ = _room.Release();
        }
    }

    private async ValueTask FailAsync(Debt debt, Exception exception)
    {
        ErrorReply error = exception switch
        {
            // An error reply that the handler itself got from some other replier is a failure of its own like any other.
            ErrorReplyException { Answer: null } meant => meant.Error,
            UnreadableDataException unreadable => new ErrorReply(ErrorReply.BadRequest, unreadable.Message),
            OperationCanceledException when _stopping.IsCancellationRequested => Stopped,
            _ => new ErrorReply(ErrorReply.Failed, bus.Options.TellExceptions ? exception.Message : "The replier failed."),
        };
        if (exception is UnreadableDataException)
        {
            HostingLog.Unreadable(logger, exception, handler.Part, handler.Name, debt.Message.Id);
        }
        else if (exception is not ErrorReplyException { Answer: null })
        {
            HostingLog.Failed(logger, exception, handler.Part, handler.Name, debt.Message.Id);
        }

        await debt.AnswerAsync(error).ConfigureAwait(false);
    }

    /// <summary>The bus answers what was not read with a Status: nobody acted on it, and who asked can ask another replier at once.</summary>
    private void Unbind()
    {
        try
        {
            if (_isBound)
            {
                _ksock!.Unbind(handler.Name, handler.IsReplier);
            }
        }
        catch (Exception e) when (e is KbusException or ObjectDisposedException)
        {
            HostingLog.NotUnbound(logger, e, handler.Part, handler.Name);
        }
    }

    /// <summary>Waits for a task for some time. False if it did not end. A bus that stands still must not keep the host from stopping.</summary>
    private async Task<bool> EndsAsync(Task task, TimeSpan timeLimit, CancellationToken cancellationToken)
    {
        await task.WaitAsync(timeLimit, bus.Time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return task.IsCompleted;
    }
}
