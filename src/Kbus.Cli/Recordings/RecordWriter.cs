using System.Buffers;
using System.IO.Compression;
using Kbus.Link;

namespace Kbus.Cli;

/// <summary>Writes records, each in its frame, or many in a compressed block, to a file.</summary>
/// <remarks>Only whole records are written at once, so whatever ends the process cuts off the last ones at most. One thread at a
/// time.</remarks>
/// <param name="file">Where to; disposed of with the writer.</param>
/// <param name="name">Its name in errors.</param>
/// <param name="compress">Whether records are compressed, in blocks.</param>
internal sealed class RecordWriter(Stream file, string name, bool compress) : IDisposable
{
    // So many bytes wait at most: one system call is for many records, and a block is worth compressing.
    private const int MostWaiting = 256 * 1024;

    private readonly ArrayBufferWriter<byte> _frames = new(2 * MostWaiting);
    private readonly ArrayBufferWriter<byte> _block = new(compress ? 2 * MostWaiting : 1);
    private readonly MemoryStream _compressed = new();
    private readonly byte[] _longs = new byte[WatchDetail.Size + sizeof(ulong)];
    private long _written;

    /// <summary>Bytes that it has written, with those that wait.</summary>
    public long Length => _written + _frames.WrittenCount + _block.WrittenCount;

    /// <summary>Whether records wait to be written.</summary>
    public bool IsWaiting => _frames.WrittenCount + _block.WrittenCount > 0;

    /// <summary>The name of the file.</summary>
    public string Name => name;

    /// <summary>Adds the record that begins a recording.</summary>
    public void Begin(RecordingBegin begin) => WriteFrame(RecordKind.Begin, begin.ToBytes());

    /// <summary>Adds the record that ends a recording, and writes all that waits.</summary>
    public void End(in RecordingEnd end)
    {
        CloseBlock();
        Span<byte> rest = _longs;
        WatchWire.Write(ref rest, new WatchDetail((ulong)end.Why, end.Events));
        WatchWire.Write(ref rest, end.Lost);
        WriteFrame(RecordKind.End, _longs);
        Flush();
    }

    /// <summary>Adds a record.</summary>
    /// <exception cref="CommandException">The file cannot be written to.</exception>
    public void Write(RecordKind kind, ReadOnlySpan<byte> record)
    {
        if (compress)
        {
            Span<byte> head = _block.GetSpan(RecordFrame.InnerSize);
            RecordFrame.WriteInner(head, kind, (uint)record.Length);
            _block.Advance(RecordFrame.InnerSize);
            _block.Write(record);
        }
        else
        {
            WriteFrame(kind, record);
        }

        if (_frames.WrittenCount + _block.WrittenCount >= MostWaiting)
        {
            Flush();
        }
    }

    /// <summary>Writes all that waits.</summary>
    /// <exception cref="CommandException">The file cannot be written to.</exception>
    public void Flush()
    {
        CloseBlock();
        try
        {
            file.Write(_frames.WrittenSpan);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentOutOfRangeException)
        {
            _frames.ResetWrittenCount();
            throw e.HResult == (int)Errno.EPIPE
                ? new CommandException(ExitCode.BrokenPipe, "", e)
                : new CommandException(
                    ExitCode.Failed,
                    $"{name} cannot be written to: {SystemFault.Describe(e)} What was recorded before is in it, and can be read.",
                    e);
        }

        _written += _frames.WrittenCount;
        _frames.ResetWrittenCount();
    }

    /// <summary>Closes the file. What still waits is not written.</summary>
    public void Dispose()
    {
        try
        {
            file.Dispose();
        }
        catch (IOException)
        {
            // Nothing waits in the stream, so there is nothing to be lost.
        }

        _compressed.Dispose();
    }

    private void CloseBlock()
    {
        if (_block.WrittenCount == 0)
        {
            return;
        }

        _compressed.SetLength(0);
        Span<byte> length = stackalloc byte[sizeof(uint)];
        Span<byte> rest = length;
        WatchWire.Write(ref rest, (uint)_block.WrittenCount);
        _compressed.Write(length);
        using (var deflate = new DeflateStream(_compressed, CompressionLevel.Fastest, leaveOpen: true))
        {
            deflate.Write(_block.WrittenSpan);
        }

        _block.ResetWrittenCount();
        WriteFrame(RecordKind.Block, _compressed.GetBuffer().AsSpan(0, (int)_compressed.Length));
    }

    private void WriteFrame(RecordKind kind, ReadOnlySpan<byte> record)
    {
        RecordFrame.Of(kind, record).Write(_frames.GetSpan(RecordFrame.Size));
        _frames.Advance(RecordFrame.Size);
        _frames.Write(record);
    }
}
