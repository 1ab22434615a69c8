using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Kbus.Linux;

namespace Kbus.Hosts;

/// <summary>What a daemon that was just started says on its standard error, until it serves or has ended.</summary>
internal sealed class StartingWords(Descriptor errors) : IDisposable
{
    private const int MostBytes = 2000;
    private const string Own = "kbusd: ";
    private readonly byte[] _bytes = new byte[MostBytes];
    private int _length;

    /// <summary>Whether all who could say something have ended or closed their standard error.</summary>
    public bool HaveEnded { get; private set; }

    /// <summary>What was said so far, in one line, without control characters.</summary>
    public string Text
    {
        get
        {
            string text = Encoding.UTF8.GetString(_bytes, 0, _length);
            return string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Select(w => string.Concat(w.Where(c => !char.IsControl(c)))));
        }
    }

    /// <summary>Waits for words, and takes those that have come.</summary>
    public void Hear(long nanoseconds)
    {
        if (HaveEnded)
        {
            _ = LibC.Poll([], nanoseconds);
            return;
        }

        if (LibC.Poll(errors.Number, LibC.PollIn, nanoseconds) <= 0)
        {
            return;
        }

        // What is too long is read, too, or who says it would wait for us.
        Span<byte> rest = stackalloc byte[512];
        long result;
        do
        {
            Span<byte> place = _length < MostBytes ? _bytes.AsSpan(_length) : rest;
            result = LibC.Read(errors.Number, place);
            _length += _length < MostBytes ? (int)Math.Max(0, result) : 0;
        }
        while (result > 0);
        HaveEnded = result != LibC.Again;
    }

    /// <summary>Why there is no daemon, in a sentence or more.</summary>
    public string Describe(string program, string directory)
    {
        string text = Text;
        if (text.StartsWith(Own, StringComparison.Ordinal))
        {
            return $"No kbusd answers in {directory}, and the one that was started said: {text[Own.Length..]}";
        }

        string note = IsForAnotherProcessor(program) ? " It is a program for another kind of processor." : string.Empty;
        return $"No kbusd answers in {directory}, and {program} could not be started: {text}{(text.EndsWith('.') ? string.Empty : ".")}{note}";
    }

    /// <summary>Closes our end; who goes on writing is not harmed.</summary>
    public void Dispose() => errors.Dispose();

    private static bool IsForAnotherProcessor(string program)
    {
        try
        {
            Span<byte> header = stackalloc byte[20];
            using FileStream file = File.OpenRead(program);
            file.ReadExactly(header);
            int ours = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 183 : 62;
            return header[..4].SequenceEqual("\u007FELF"u8) && BinaryPrimitives.ReadUInt16LittleEndian(header[18..]) != ours;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
