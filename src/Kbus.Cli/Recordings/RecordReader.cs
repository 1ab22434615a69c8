using System.Buffers.Binary;
using System.IO.Compression;

namespace Kbus.Cli;

/// <summary>Reads the records of a recording one after another, those of compressed blocks, too.</summary>
/// <remarks>
/// The file may come from a stranger, and may end anywhere. It needs memory for one record and one block, whatever the file says. One
/// thread at a time.
/// </remarks>
/// <param name="file">The file. It is read from where it stands to its end, and need not be able to seek.</param>
internal sealed class RecordReader(Stream file)
{
    private byte[] _record = new byte[4096];
    private byte[] _block = [];
    private int _blockAt;
    private int _blockLength;

    /// <summary>Where the first record begins that was not read, in bytes from where the file stood.</summary>
    public long Position { get; private set; }

    /// <summary>Why no record follows; none while records follow, and at a whole end of the file.</summary>
    public RecordingFault Fault { get; private set; }

    /// <summary>Reads the next record.</summary>
    /// <param name="kind">What it holds.</param>
    /// <param name="record">Its bytes, valid until the next call.</param>
    /// <returns>False at the end, or where it can be read no further.</returns>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public bool TryNext(out RecordKind kind, out ReadOnlySpan<byte> record)
    {
        while (Fault == RecordingFault.None)
        {
            if (_blockAt < _blockLength)
            {
                return TryNextOfBlock(out kind, out record);
            }

            if (!TryNextOfFile(out kind, out record))
            {
                return false;
            }

            if (kind != RecordKind.Block)
            {
                return true;
            }

            if (!TryOpen(record))
            {
                Fault = RecordingFault.Damaged;
            }
        }

        kind = default;
        record = default;
        return false;
    }

    private bool TryNextOfFile(out RecordKind kind, out ReadOnlySpan<byte> record)
    {
        kind = default;
        record = default;
        int read = file.ReadAtLeast(_record.AsSpan(0, RecordFrame.Size), RecordFrame.Size, throwOnEndOfStream: false);
        if (read < RecordFrame.Size)
        {
            Fault = read == 0 ? RecordingFault.None : RecordingFault.Cut;
            return false;
        }

        RecordFrame frame = RecordFrame.Read(_record);
        if (frame.Length > RecordFrame.MostLength)
        {
            Fault = RecordingFault.Damaged;
            return false;
        }

        int length = (int)frame.Length;
        if (_record.Length < length)
        {
            _record = new byte[length];
        }

        if (file.ReadAtLeast(_record.AsSpan(0, length), length, throwOnEndOfStream: false) < length)
        {
            Fault = RecordingFault.Cut;
            return false;
        }

        kind = frame.Kind;
        record = _record.AsSpan(0, length);
        if (!frame.Fits(record))
        {
            Fault = RecordingFault.Damaged;
            return false;
        }

        Position += RecordFrame.Size + length;
        return true;
    }

    private bool TryNextOfBlock(out RecordKind kind, out ReadOnlySpan<byte> record)
    {
        kind = default;
        record = default;
        ReadOnlySpan<byte> rest = _block.AsSpan(_blockAt, _blockLength - _blockAt);
        if (rest.Length >= RecordFrame.InnerSize)
        {
            kind = (RecordKind)BinaryPrimitives.ReadUInt32LittleEndian(rest);
            uint length = BinaryPrimitives.ReadUInt32LittleEndian(rest[4..]);
            bool mayBeWithin = kind is not (RecordKind.Block or RecordKind.Begin or RecordKind.End);
            if (mayBeWithin && length <= (uint)(rest.Length - RecordFrame.InnerSize))
            {
                record = rest.Slice(RecordFrame.InnerSize, (int)length);
                _blockAt += RecordFrame.InnerSize + (int)length;
                return true;
            }
        }

        Fault = RecordingFault.Damaged;
        return false;
    }

    /// <summary>Decompresses a block. False if it is not what it says.</summary>
    private bool TryOpen(ReadOnlySpan<byte> record)
    {
        (_blockAt, _blockLength) = (0, 0);
        uint length = record.Length < sizeof(uint) ? 0 : BinaryPrimitives.ReadUInt32LittleEndian(record);
        if (length is 0 or > RecordFrame.MostLength)
        {
            return false;
        }

        if (_block.Length < length)
        {
            _block = new byte[length];
        }

        try
        {
            var compressed = new MemoryStream(_record, sizeof(uint), record.Length - sizeof(uint), writable: false);
            using var deflate = new DeflateStream(compressed, CompressionMode.Decompress);
            _blockLength = deflate.ReadAtLeast(_block.AsSpan(0, (int)length), (int)length, throwOnEndOfStream: false);
            return _blockLength == length && deflate.ReadByte() < 0;
        }
        catch (InvalidDataException)
        {
            return false;
        }
    }
}
