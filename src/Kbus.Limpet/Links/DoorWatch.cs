using System.Diagnostics.CodeAnalysis;
using System.Net.Sockets;
using Kbus.Linux;

namespace Kbus.Limpets;

/// <summary>Waits for the first bytes of many connections at once, with one thread.</summary>
/// <remarks>The framework could wait too, but would then be woken by every byte that comes, for the connection's whole life. Any thread
/// may call.</remarks>
internal sealed class DoorWatch : IDisposable
{
    /// <summary>How late a new connection may be noticed, in nanoseconds.</summary>
    private const long LookEvery = 10_000_000;

    private readonly List<Waiting> _waiting = [];
    private readonly object _lock = new();
    private bool _isRunning;
    private bool _isDisposed;

    /// <summary>Waits until there is something to read, or the connection has ended.</summary>
    /// <param name="socket">The connection.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="OperationCanceledException">It was given up.</exception>
    /// <exception cref="ObjectDisposedException">The connection is closed.</exception>
    public Task ReadableAsync(Socket socket, CancellationToken cancellationToken) =>
        TryAdd(socket, out Waiting? waiting)
            ? ReadableAsync(waiting, cancellationToken)
            : socket.ReceiveAsync(Memory<byte>.Empty, SocketFlags.None, cancellationToken).AsTask();

    /// <summary>Has the thread wait for a connection.</summary>
    /// <returns>False if there is no thread and can be none. Then the framework must wait.</returns>
    private bool TryAdd(Socket socket, [NotNullWhen(true)] out Waiting? waiting)
    {
        waiting = new Waiting(socket.SafeHandle);
        lock (_lock)
        {
            if (_isDisposed)
            {
                waiting.Release();
                throw new OperationCanceledException();
            }

            _isRunning = _isRunning || Threads.TryStart("kbus-limpet-door", Watch);
            if (!_isRunning)
            {
                waiting.Release();
                waiting = null;
                return false;
            }

            _waiting.Add(waiting);
            Monitor.PulseAll(_lock);
            return true;
        }
    }

    private async Task ReadableAsync(Waiting waiting, CancellationToken cancellationToken)
    {
        try
        {
            await waiting.Came.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            lock (_lock)
            {
                _waiting.Remove(waiting);
                waiting.Release();
            }
        }
    }

    /// <summary>Ends the thread.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _isDisposed = true;
            _waiting.ForEach(w => w.Came.TrySetCanceled());
            Monitor.PulseAll(_lock);
        }
    }

    private void Watch()
    {
        while (true)
        {
            Waiting[] all;
            lock (_lock)
            {
                while (!_isDisposed && _waiting.TrueForAll(w => w.Came.Task.IsCompleted))
                {
                    Monitor.Wait(_lock);
                }

                if (_isDisposed)
                {
                    return;
                }

                all = [.. _waiting.Where(w => !w.Came.Task.IsCompleted)];
                Array.ForEach(all, w => w.Hold());
            }

            try
            {
                Look(all);
            }
            catch (Exception)
            {
                // They are polled again. Nothing else waits for them.
                _ = LibC.Poll([], LookEvery);
            }
            finally
            {
                Array.ForEach(all, w => w.Release());
            }
        }
    }

    private static void Look(Waiting[] all)
    {
        PollEntry[] entries = [.. all.Select(w => new PollEntry { Descriptor = w.Number, Events = LibC.PollIn })];
        if (LibC.Poll(entries, LookEvery) <= 0)
        {
            return;
        }

        for (int i = 0; i < all.Length; i++)
        {
            if (entries[i].Reported != 0)
            {
                all[i].Came.TrySetResult();
            }
        }
    }

    /// <summary>A connection, whose number stays its own while it is held.</summary>
    private sealed class Waiting
    {
        private readonly SafeSocketHandle _handle;

        public Waiting(SafeSocketHandle handle)
        {
            _handle = handle;
            Hold();
            Number = (int)handle.DangerousGetHandle();
        }

        public int Number { get; }

        public TaskCompletionSource Came { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Hold()
        {
            bool isHeld = false;
            _handle.DangerousAddRef(ref isHeld);
        }

        public void Release() => _handle.DangerousRelease();
    }
}
