using System.Globalization;
using Kbus.Linux;
using Microsoft.Win32.SafeHandles;

namespace Kbus.Cli;

/// <summary>The files of a recorder: one, or one after another (rotation).</summary>
internal sealed class RecordingFiles
{
    private const int Digits = 6;
    private const long LeastSize = 4096;
    private const UnixFileMode OnlyOwner = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly Invocation _invocation;
    private readonly string _path;
    private readonly bool _compress;
    private readonly long? _mostSize;
    private readonly TimeSpan? _longest;
    private readonly uint? _keep;
    private long _number;
    private long _opened;

    /// <summary>Reads the options.</summary>
    /// <exception cref="CommandException">They make no sense.</exception>
    public RecordingFiles(Invocation invocation)
    {
        ParsedArguments arguments = invocation.Arguments;
        _invocation = invocation;
        _path = arguments.Operands[0];
        _compress = arguments.Has(Options.Compress);
        _mostSize = arguments.Bytes(Options.RotateSize, LeastSize);
        _longest = arguments.Seconds(Options.RotateAfter);
        _keep = arguments.Number(Options.Keep, least: 1);
        arguments.NotBoth(Options.Append, Options.RotateSize);
        arguments.NotBoth(Options.Append, Options.RotateAfter);
        if (_keep is not null && !IsRotating)
        {
            throw CommandException.Usage(
                $"{Options.Keep} needs {Options.RotateSize} or {Options.RotateAfter}: without them there is one file.", invocation.Verb);
        }

        if (_path == "-" && (IsRotating || arguments.Has(Options.Append)))
        {
            throw CommandException.Usage("standard output can neither be rotated nor be appended to.", invocation.Verb);
        }
    }

    /// <summary>Whether there may be several.</summary>
    public bool IsRotating => _mostSize is not null || _longest is not null;

    /// <summary>Whether the next record belongs into another file.</summary>
    public bool IsFull(RecordWriter writer) =>
        writer.Length >= _mostSize || (_longest is { } longest && _invocation.Time.GetElapsedTime(_opened) >= longest);

    /// <summary>Opens the first file, or the next one.</summary>
    /// <exception cref="CommandException">It cannot be written, or is there already.</exception>
    public RecordWriter Open()
    {
        _opened = _invocation.Time.GetTimestamp();
        if (_path == "-")
        {
            var output = new FileStream(new SafeFileHandle(1, ownsHandle: false), FileAccess.Write, bufferSize: 0);
            return new RecordWriter(output, "standard output", _compress);
        }

        string path = _path;
        try
        {
            if (IsRotating)
            {
                _number = Math.Max(_number, Numbers().DefaultIfEmpty(0).Max()) + 1;
                path = Numbered(_number);
            }

            FileStream file = _invocation.Arguments.Has(Options.Append) && File.Exists(path) ? Append(path) : Make(path);
            RemoveOld();
            return new RecordWriter(file, path, _compress);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException(ExitCode.Failed, e.HResult == (int)Errno.EEXIST
                ? $"{path} exists already (EEXIST), and stays as it is. Name another file, or add to this one by {Options.Append}."
                : $"{path} cannot be written to: {SystemFault.Describe(e, path)}", e);
        }
    }

    /// <summary>Makes a file that only its owner can read: it has what all users sent. A device or a pipe is written to as it is.</summary>
    private static FileStream Make(string path)
    {
        bool isSpecial = LibC.StatusAt(LibC.CurrentDirectory, path, out FileStatus status) >= 0 && !status.IsRegular && !status.IsLink;
        return new FileStream(path, new FileStreamOptions
        {
            Mode = isSpecial ? FileMode.Open : FileMode.CreateNew,
            Access = FileAccess.Write,
            Share = FileShare.ReadWrite | FileShare.Delete,
            BufferSize = 0,
            UnixCreateMode = isSpecial ? null : OnlyOwner,
        });
    }

    /// <summary>Opens a recording to go on behind its last whole record.</summary>
    private FileStream Append(string path)
    {
        var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete, bufferSize: 1 << 16);
        var reader = new RecordReader(file);
        bool isRecording = reader.TryNext(out RecordKind kind, out ReadOnlySpan<byte> record)
            && kind == RecordKind.Begin && RecordingBegin.Read(record, out _) is not null;
        while (isRecording && reader.TryNext(out _, out _))
        {
        }

        if ((!isRecording && file.Length > 0) || reader.Fault == RecordingFault.Damaged)
        {
            file.Dispose();
            throw new CommandException(ExitCode.Failed, isRecording
                ? $"{path} is damaged at byte {reader.Position}: what is added behind it could not be read. Name another file."
                : $"{path} is not a recording of this version of kbus, and stays as it is. Name another file.");
        }

        if (file.Length > reader.Position)
        {
            _invocation.Warn($"{path} was cut off in the middle of a record, at byte {reader.Position}: the recording goes on there.");
            file.SetLength(reader.Position);
        }

        file.Position = file.Length;
        return file;
    }

    private void RemoveOld()
    {
        foreach (long old in _keep is { } keep ? Numbers().Where(n => n <= _number - keep).ToArray() : [])
        {
            File.Delete(Numbered(old));
        }
    }

    private string Numbered(long number) => _path + "." + number.ToString($"D{Digits}", CultureInfo.InvariantCulture);

    /// <summary>The numbers of the files that are there.</summary>
    private IEnumerable<long> Numbers()
    {
        string directory = Path.GetDirectoryName(_path) is { Length: > 0 } named ? named : ".";
        string start = Path.GetFileName(_path) + ".";
        return Directory.EnumerateFiles(directory, "*").Select(f => Path.GetFileName(f))
            .Where(f => f.StartsWith(start, StringComparison.Ordinal) && f.Length >= start.Length + Digits)
            .Select(f => long.TryParse(f.AsSpan(start.Length), NumberStyles.None, CultureInfo.InvariantCulture, out long n) ? n : 0)
            .Where(n => n is > 0 and < long.MaxValue);
    }
}
