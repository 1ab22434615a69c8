using System.Text;
using Kbus.Linux;

namespace Kbus.Daemon;

/// <summary>Writes the daemon's lines to a descriptor, on a thread of its own. A fault there affects nothing else.</summary>
/// <remarks>
/// A line that cannot be written (a full disk, a closed descriptor, a closed pipe, no memory) is lost and counted. The count is written with the next line
/// that can be. A reader that does not read blocks this thread alone: lines wait in a short queue, and when it is full, further ones are lost and
/// counted, too. Any thread may call.
/// </remarks>
internal sealed class LogWriter : IDisposable
{
    private const int MostWaiting = 64;
    private const int NoDescriptor = -1;
    private const int LongestLine = 8192;
    private static readonly TimeSpan PatienceWithReader = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan PatienceAtEnd = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan PauseAfterFault = TimeSpan.FromMilliseconds(50);

    private readonly int _descriptor;
    private readonly Lock _lock = new();

    // It never grows, so a line can be queued when memory is short.
    private readonly Queue<string> _waiting = new(MostWaiting);
    private readonly SemaphoreSlim _come = new(0);
    private readonly ManualResetEventSlim _isIdle = new(initialState: true);
    private readonly Thread _thread;
    private readonly bool _isAlone;
    private int _lost;
    private bool _isInsideLine;
    private bool _hasEnded;
    private volatile bool _isEnding;
    private volatile LogFile? _file;

    /// <summary>Starts the thread.</summary>
    /// <param name="descriptor">Where lines go: 2 for standard error. The caller still owns it.</param>
    public LogWriter(int descriptor)
    {
        _descriptor = descriptor;
        _thread = Threads.Make("log", Run);
        _isAlone = !Threads.TryStart(_thread);
    }

    /// <summary>The log file that the descriptor leads to; null if it is what this process was started with.</summary>
    public LogFile? File
    {
        get => _file;
        set => _file = value;
    }

    /// <summary>How many lines have been lost since the last one that was written.</summary>
    public int Lost => Volatile.Read(ref _lost);

    /// <summary>A line could not even be put together: counts it as lost. Never waits and never fails.</summary>
    public void Lose() => Interlocked.Increment(ref _lost);

    /// <summary>Queues a line. Never waits and never fails.</summary>
    public void Write(string line)
    {
        lock (_lock)
        {
            if (_isAlone)
            {
                // The kernel allows no thread. Then kbusd cannot start either, and this line says why.
                _ = TryWrite(line, 0);
                return;
            }

            if (_isEnding || _waiting.Count >= MostWaiting)
            {
                Lose();
                return;
            }

            _waiting.Enqueue(line);
            _isIdle.Reset();
        }

        _come.Release();
    }

    /// <summary>Waits until all lines have been written, or lost; false if that takes longer than the given time.</summary>
    public bool TryFlush(TimeSpan limit) => _isIdle.Wait(limit);

    /// <summary>Waits a moment until all lines have been written, and ends.</summary>
    public void Dispose()
    {
        if (_isEnding)
        {
            return;
        }

        bool isDone = TryFlush(PatienceAtEnd);
        _isEnding = true;
        _come.Release();
        if (isDone && !_isAlone)
        {
            _thread.Join();
            _come.Dispose();
            _isIdle.Dispose();
        }
    }

    private void Run()
    {
        while (!_hasEnded)
        {
            try
            {
                _come.Wait();
                WriteWaiting();
            }
            catch (Exception)
            {
                // Not even a wait is possible without memory. The lines are still there for the next attempt.
                _ = LibC.Poll(NoDescriptor, 0, Deadline.After(PauseAfterFault));
            }
        }
    }

    /// <summary>Writes all waiting lines.</summary>
    private void WriteWaiting()
    {
        while (true)
        {
            string? line;
            lock (_lock)
            {
                if (!_waiting.TryDequeue(out line))
                {
                    _isIdle.Set();
                    _hasEnded = _isEnding;
                    return;
                }
            }

            // Only this thread takes from the count.
            int lost = Lost;
            if (TryWrite(line, lost))
            {
                Interlocked.Add(ref _lost, -lost);
            }
            else
            {
                Lose();
            }
        }
    }

    private bool TryWrite(string line, int lost)
    {
        try
        {
            // The part of a line that fitted on the disk stays there. The next text begins a new line.
            string before = _isInsideLine ? "\n" : string.Empty;
            string count = lost == 0 ? string.Empty : $"kbusd: {lost} line{(lost == 1 ? "" : "s")} could not be written before this one.\n";
            string cut = line.Length <= LongestLine ? line : string.Concat(line.AsSpan(0, LongestLine), " ...");
            byte[] bytes = Encoding.UTF8.GetBytes($"{before}{count}{cut}\n");
            _file?.Prepare(bytes.Length);
            return TryWrite(bytes);
        }
        catch (Exception)
        {
            // A fault ends this one line. It cannot be logged, but it is counted.
            return false;
        }
    }

    private bool TryWrite(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            long written = LibC.Write(_descriptor, bytes);
            if (written == LibC.Again && LibC.Poll(_descriptor, LibC.PollOut, Deadline.After(PatienceWithReader)) > 0)
            {
                continue;
            }

            if (written <= 0)
            {
                return false;
            }

            _isInsideLine = bytes[(int)written - 1] != (byte)'\n';
            bytes = bytes[(int)written..];
        }

        return true;
    }
}
