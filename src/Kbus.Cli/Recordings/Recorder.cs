using System.Globalization;
using Kbus.Link;
using Kbus.Watching;

namespace Kbus.Cli;

/// <summary>Writes what a watcher sees to files: every record as the bus wrote it, whose each Ksock is, and what was lost.</summary>
/// <remarks>What has come is in the file before the recorder sleeps; a block that is compressed waits a second for more. One thread
/// uses it.</remarks>
internal sealed class Recorder : IDisposable
{
    private const long MostDrift = 1_000_000;
    private const int RecordsBetweenChecks = 1024;

    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(1);

    private readonly Invocation _invocation;
    private readonly BusWatcher _watcher;
    private readonly RecordingFiles _files;
    private readonly RecordingFlags _flags;
    private readonly StreamLimit _limit;
    private readonly ProgressLine _progress;
    private readonly PresentBus _present = new();
    private RecordWriter _writer;
    private WallClock _clock;
    private ulong _number;
    private ulong _eventsBefore;
    private ulong _lostBefore;
    private long _bytesBefore;
    private long? _waitingSince;
    private bool _isReady;
    private uint _unchecked;

    /// <summary>Opens the file and begins.</summary>
    /// <exception cref="CommandException">The file cannot be written, or the options make no sense.</exception>
    public Recorder(Invocation invocation, BusWatcher watcher, RecordingFiles files)
    {
        _invocation = invocation;
        _watcher = watcher;
        _files = files;
        _flags = invocation.Arguments.Has(Options.HeadersOnly) ? RecordingFlags.None : RecordingFlags.WithData;
        _limit = new StreamLimit(invocation);
        _progress = new ProgressLine(invocation);
        _writer = files.Open();
        Begin(_flags);
    }

    /// <summary>The events so far.</summary>
    public ulong Events { get; private set; }

    /// <summary>The events so far that the recorder was too slow for.</summary>
    public ulong Lost { get; private set; }

    /// <summary>Whether the recording has its end.</summary>
    public bool HasEnded { get; private set; }

    /// <summary>What was recorded, for people.</summary>
    public string Sum
    {
        get
        {
            long bytes = _bytesBefore + _writer.Length;
            string all = string.Create(CultureInfo.InvariantCulture, $"{Events} {(Events == 1 ? "event" : "events")} in {bytes} bytes");
            return Lost == 0 ? all : string.Create(CultureInfo.InvariantCulture, $"{all}; {Lost} were lost, because they were not read in time");
        }
    }

    /// <summary>Records until enough has come, the time is over, a signal has come or the bus has ended.</summary>
    /// <returns>The exit code.</returns>
    /// <exception cref="CommandException">A file cannot be written, or the time is over.</exception>
    /// <exception cref="KbusException">The bus has ended.</exception>
    public int Run()
    {
        try
        {
            while (!_limit.IsReached)
            {
                if (_watcher.TryNextRecord(out uint kind, out ReadOnlySpan<byte> record))
                {
                    Take(kind, record);
                }
                else if (!Wait())
                {
                    End(RecordingEndCause.Time);
                    throw _limit.TimeOut();
                }
            }
        }
        catch (KbusException e) when (e.Errno == Errno.ENODEV)
        {
            int? signalled = _invocation.Ending.ExitCode;
            End(signalled is null ? RecordingEndCause.BusEnded : RecordingEndCause.Signal);
            if (signalled is null)
            {
                throw;
            }

            return signalled.Value;
        }

        End(RecordingEndCause.Count);
        return ExitCode.Done;
    }

    /// <summary>Closes the file.</summary>
    public void Dispose()
    {
        _progress.Clear();
        _writer.Dispose();
    }

    /// <summary>Waits for a record. False if the time is over.</summary>
    private bool Wait()
    {
        Check();
        bool mayWait = _invocation.Arguments.Has(Options.Compress) && _writer.IsWaiting;
        _waitingSince = mayWait ? _waitingSince ?? _invocation.Time.GetTimestamp() : null;
        TimeSpan? left = _waitingSince is { } since ? LongestWait - _invocation.Time.GetElapsedTime(since) : null;
        if (_writer.IsWaiting && (left is null || left <= TimeSpan.Zero))
        {
            _writer.Flush();
            _waitingSince = null;
            left = null;
        }

        TimeSpan? limit = _limit.LeftAtMost(left);
        return _watcher.WaitForRecord(limit) || _limit.Left != TimeSpan.Zero;
    }

    private void Take(uint kind, ReadOnlySpan<byte> record)
    {
        ReadOnlySpan<byte> rest = record;
        if (kind >= (uint)RecordKind.Program || !WatchWire.TryRead(ref rest, out WatchHead head))
        {
            return;
        }

        if (_isReady && _files.IsRotating && _files.IsFull(_writer))
        {
            Rotate();
        }

        byte[]? program = null;
        var what = (WatchRecordKind)kind;
        if (what is WatchRecordKind.Opened or WatchRecordKind.PresentKsock && WatchWire.TryRead(ref rest, out WatchKsock ksock))
        {
            program = KsockProgram.Of(ksock.ProcessId, ksock.UserId).ToBytes();
            _writer.Write(RecordKind.Program, program);
        }
        else if (what == WatchRecordKind.Lost && WatchWire.TryRead(ref rest, out WatchDetail lost))
        {
            Lost += lost.First;
            _limit.Step();
        }

        _writer.Write((RecordKind)kind, record);
        _number = head.Number;
        if (_files.IsRotating)
        {
            _present.Note(what, record, program);
        }

        Count(what);
        if (++_unchecked >= RecordsBetweenChecks)
        {
            Check();
        }
    }

    private void Count(WatchRecordKind what)
    {
        switch (what)
        {
            case WatchRecordKind.PresentEnd when !_isReady:
                _isReady = true;
                WatcherOpening.TellReady(_invocation, $"recording bus {_watcher.Bus} to {_writer.Name}.", _watcher);
                break;
            case WatchRecordKind.PresentKsock or WatchRecordKind.PresentBinding or WatchRecordKind.PresentEnd or WatchRecordKind.Lost:
                break;
            default:
                Events++;
                _limit.Step();
                break;
        }
    }

    /// <summary>What need not be done for each record.</summary>
    private void Check()
    {
        _unchecked = 0;
        _progress.Show(() => $"kbus: {Sum}");
        var now = WallClock.Now();
        if (Math.Abs(now.Wall - now.Monotonic - (_clock.Wall - _clock.Monotonic)) > MostDrift)
        {
            _clock = now;
            byte[] bytes = new byte[2 * sizeof(long)];
            Span<byte> rest = bytes;
            WatchWire.Write(ref rest, now);
            _writer.Write(RecordKind.Clock, bytes);
        }
    }

    private void Begin(RecordingFlags flags)
    {
        _clock = WallClock.Now();
        _writer.Begin(new RecordingBegin(flags, _watcher.Bus, _clock, $"kbus {KbusCommand.Version}", Environment.MachineName));
    }

    private void Rotate()
    {
        End(RecordingEndCause.Rotated);
        _bytesBefore += _writer.Length;
        (_eventsBefore, _lostBefore) = (Events, Lost);
        _writer.Dispose();
        _writer = _files.Open();
        Begin(_flags | RecordingFlags.Continues);
        _present.Write(_writer, _number, _clock.Monotonic);
    }

    private void End(RecordingEndCause why)
    {
        _writer.End(new RecordingEnd(why, Events - _eventsBefore, Lost - _lostBefore));
        HasEnded = why != RecordingEndCause.Rotated;
    }
}
