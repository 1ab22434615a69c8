using System.Buffers;
using System.Text;
using Kbus.Linux;

namespace Kbus.Cli;

/// <summary>Writes whole lines to a descriptor, each at once, so that the reader of a pipe sees a message when it comes.</summary>
/// <remarks>
/// It calls write itself, because neither stream of the library fits. The console's stream ignores that the reader of a pipe has
/// gone, so that <c>kbus listen | head -1</c> would never end. The file's stream does not move the offset that processes share, so that the
/// second command of <c>(kbus send ...; kbus send ...) >log</c> would write over the first one's line. The console also sends sequences of
/// its own to a terminal. Lines that come together can be held, to be written together. One thread at a time.
/// </remarks>
/// <param name="descriptor">The descriptor to write to.</param>
/// <param name="isOptional">True if a failed write does not matter.</param>
internal sealed class LineOutput(int descriptor, bool isOptional = false)
{
    private const int MostHeld = 65536;

    private readonly ArrayBufferWriter<byte> _held = new();
    private byte[] _line = new byte[256];
    private bool _isHolding;

    /// <summary>Standard output.</summary>
    public static LineOutput Standard => new(1);

    /// <summary>Standard error. If an error cannot be written there, that is no further error.</summary>
    public static LineOutput Error => new(2, isOptional: true);

    /// <summary>Whether it is a terminal.</summary>
    public bool IsTerminal => LibC.IsTerminal(descriptor);

    /// <summary>How wide its terminal is; null if it is none.</summary>
    /// <param name="environment">Gives the value of a variable of the environment.</param>
    public int? Width(Func<string, string?> environment) => TerminalWidth.Of(descriptor, environment);

    /// <summary>Lines written from now on may wait until <see cref="Release"/>, so that many lines cost one system call.</summary>
    public void Hold() => _isHolding = true;

    /// <summary>Writes what was held.</summary>
    /// <exception cref="CommandException">Nobody reads it any more, or it cannot be written.</exception>
    public void Release()
    {
        _isHolding = false;
        try
        {
            Write(_held.WrittenSpan);
        }
        finally
        {
            _held.ResetWrittenCount();
        }
    }

    /// <summary>Writes text and an end of line.</summary>
    /// <exception cref="CommandException">Nobody reads it any more, or it cannot be written.</exception>
    public void WriteLine(string text)
    {
        int most = Encoding.UTF8.GetMaxByteCount(text.Length) + 1;
        if (_line.Length < most)
        {
            _line = new byte[most];
        }

        int length = Encoding.UTF8.GetBytes(text, _line);
        _line[length++] = (byte)'\n';
        Write(_line.AsSpan(0, length));
    }

    /// <summary>Writes bytes as they are.</summary>
    /// <exception cref="CommandException">Nobody reads it any more, or it cannot be written.</exception>
    public void Write(ReadOnlySpan<byte> bytes)
    {
        if (_isHolding)
        {
            _held.Write(bytes);
            if (_held.WrittenCount >= MostHeld)
            {
                Release();
                Hold();
            }

            return;
        }

        while (!bytes.IsEmpty)
        {
            long written = LibC.Write(descriptor, bytes);
            switch (written)
            {
                case >= 0:
                    bytes = bytes[(int)written..];
                    break;
                case LibC.Again:
                    // The descriptor is not ours alone. So whether calls on it block is not ours to change.
                    _ = LibC.Poll(descriptor, LibC.PollOut, LibC.Forever);
                    break;
                case var _ when isOptional:
                    return;
                case LibC.BrokenPipe:
                    throw new CommandException(ExitCode.BrokenPipe, "");
                default:
                    var errno = (Errno)(-written);
                    throw new CommandException(
                        ExitCode.Failed,
                        $"descriptor {descriptor} cannot be written to: {KbusErrors.Name(errno)}: {KbusErrors.UnixMeaning(errno)}.");
            }
        }
    }

    /// <summary>Closes the descriptor: for one that the caller has been given to write to and close.</summary>
    public void Close() => _ = LibC.Close(descriptor);
}
