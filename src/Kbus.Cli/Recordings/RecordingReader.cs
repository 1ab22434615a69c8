using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Kbus.Link;
using Kbus.Watching;

namespace Kbus.Cli;

/// <summary>Reads the events of a recording, as <see cref="BusWatcher"/> gave them to the recorder. One thread at a time.</summary>
/// <remarks>Recordings that stand one after another in a file are read one after another.</remarks>
internal sealed class RecordingReader : IDisposable
{
    private const int BufferSize = 1 << 17;

    private readonly string _name;
    private readonly Stream _file;
    private readonly RecordReader _records;
    private readonly bool _withData;
    private readonly Dictionary<uint, KsockProgram> _programs = [];
    private RecordingFault _fault;
    private WallClock _clock;
    private KsockProgram? _program;
    private uint _version;
    private bool _hasEnded;

    /// <summary>Reads from a file that is open.</summary>
    /// <param name="file">The file; disposed of with the reader.</param>
    /// <param name="name">Its name in errors.</param>
    /// <param name="withData">Whether the data of messages is wanted.</param>
    public RecordingReader(Stream file, string name, bool withData)
    {
        _file = file;
        _name = name;
        _withData = withData;
        _records = new RecordReader(file);
        Begin = new RecordingBegin(RecordingFlags.None, 0, default, "", "");
        if (!Guarded(TryBegin))
        {
            _fault = RecordingFault.Unreadable;
        }
    }

    /// <summary>Opens a recording; <c>-</c> is standard input.</summary>
    /// <exception cref="CommandException">It cannot be opened, or is none.</exception>
    public static RecordingReader Open(Invocation invocation, string path, bool withData)
    {
        string name = path == "-" ? "standard input" : path;
        Stream? file = null;
        try
        {
            file = path == "-"
                ? new BufferedStream(invocation.OpenInput(), BufferSize)
                : new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, BufferSize);
            var reader = new RecordingReader(file, name, withData);
            return reader.Fault == RecordingFault.Unreadable ? throw reader.Unreadable() : reader;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            file?.Dispose();
            throw new CommandException(ExitCode.Failed, $"{name} cannot be read: {SystemFault.Describe(e, path)}", e);
        }
    }

    /// <summary>Where and when the recording was made from which the last event is.</summary>
    public RecordingBegin Begin { get; private set; }

    /// <summary>True if the last event is the first of a recording that does not go on from the one before.</summary>
    public bool IsNew { get; private set; }

    /// <summary>The number of events so far.</summary>
    public ulong Events { get; private set; }

    /// <summary>The number of events so far that the recorder was too slow for.</summary>
    public ulong Lost { get; private set; }

    /// <summary>Why no event follows.</summary>
    public RecordingFault Fault => _fault != RecordingFault.None ? _fault : _records.Fault;

    /// <summary>What is wrong with the end, for people; null if nothing is.</summary>
    public string? FaultText
    {
        get
        {
            string at = string.Create(CultureInfo.InvariantCulture, $"at byte {_records.Position}");
            return Fault switch
            {
                RecordingFault.Unended =>
                    $"{_name} has no end: it is still being recorded, or its recorder was killed. All of it was read.",
                RecordingFault.Cut => $"{_name} is cut off in the middle of a record, {at}. All before it was read.",
                RecordingFault.Damaged => $"{_name} is damaged {at}. All before it was read, and nothing behind it.",
                RecordingFault.Unreadable => Unreadable().Message,
                _ => null,
            };
        }
    }

    /// <summary>Whose a Ksock is, as the recorder found it.</summary>
    public KsockProgram ProgramOf(KsockOpenedEvent opened) => _programs.TryGetValue(opened.Ksock, out KsockProgram program)
        ? program
        : new KsockProgram("", opened.UserId.ToString(CultureInfo.InvariantCulture));

    /// <summary>Reads the next event.</summary>
    /// <param name="busEvent">The event.</param>
    /// <returns>False if there is none, or it cannot be read: see <see cref="Fault"/>.</returns>
    /// <exception cref="CommandException">The file cannot be read.</exception>
    public bool TryNext([NotNullWhen(true)] out BusEvent? busEvent)
    {
        BusEvent? found = null;
        IsNew = false;
        bool isNew = false;
        _ = Guarded(() =>
        {
            while (found is null && Fault == RecordingFault.None && _records.TryNext(out RecordKind kind, out ReadOnlySpan<byte> record))
            {
                found = Take(kind, record, ref isNew);
            }

            return true;
        });
        busEvent = found;
        IsNew = isNew;
        if (found is null && Fault == RecordingFault.None && !_hasEnded)
        {
            _fault = RecordingFault.Unended;
        }

        return found is not null;
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => _file.Dispose();

    private BusEvent? Take(RecordKind kind, ReadOnlySpan<byte> record, ref bool isNew)
    {
        _hasEnded = kind == RecordKind.End;
        switch (kind)
        {
            case RecordKind.Begin:
                if (!TryBegin(record))
                {
                    _fault = RecordingFault.Unreadable;
                }

                isNew |= (Begin.Flags & RecordingFlags.Continues) == 0;
                return null;
            case RecordKind.Program:
                _program = KsockProgram.Read(record);
                return null;
            case RecordKind.Clock:
                _clock = WatchWire.TryRead(ref record, out WallClock clock) ? clock : _clock;
                return null;
            case RecordKind.End:
                return null;
            default:
                BusEvent? busEvent = BusEventReader.Read((uint)kind, record, _clock, _withData);
                Note(busEvent);
                return busEvent;
        }
    }

    private void Note(BusEvent? busEvent)
    {
        switch (busEvent)
        {
            case KsockOpenedEvent opened:
                _programs.Remove(opened.Ksock);
                if (_program is { } program)
                {
                    _programs[opened.Ksock] = program;
                }

                _program = null;
                Events += opened.WasPresent ? 0ul : 1;
                break;
            case EventsLostEvent lost:
                Lost = unchecked(Lost + lost.Count);
                break;
            case null or SnapshotEndEvent or BindingEvent { WasPresent: true }:
                break;
            default:
                Events++;
                break;
        }
    }

    private bool TryBegin() =>
        _records.TryNext(out RecordKind kind, out ReadOnlySpan<byte> record) && kind == RecordKind.Begin && TryBegin(record);

    private bool TryBegin(ReadOnlySpan<byte> record)
    {
        if (RecordingBegin.Read(record, out _version) is not { } begin)
        {
            return false;
        }

        Begin = begin;
        _clock = begin.Clock;
        if ((begin.Flags & RecordingFlags.Continues) == 0)
        {
            _programs.Clear();
        }

        return true;
    }

    private CommandException Unreadable() => new(ExitCode.Failed, _version > RecordingBegin.Version
        ? $"{_name} was recorded by a newer kbus (version {_version} of recordings); this one reads version {RecordingBegin.Version}."
        : $"{_name} is not a recording of kbus.");

    private bool Guarded(Func<bool> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException(ExitCode.Failed, $"{_name} cannot be read: {SystemFault.Describe(e, _name)}", e);
        }
    }
}
