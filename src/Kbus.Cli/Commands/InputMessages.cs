using System.Collections.Concurrent;
using Kbus.Linux;

namespace Kbus.Cli;

/// <summary>The pieces of an input, such as its lines, one after another as they come.</summary>
/// <remarks>
/// A thread of its own reads, because a read can neither be given a limit nor be ended by a signal. One other thread takes. The last piece
/// may lack its end; an empty rest is no piece.
/// </remarks>
internal sealed class InputMessages : IDisposable
{
    private const int MostWaiting = 64;

    private readonly BlockingCollection<byte[]> _pieces = new(MostWaiting);
    private readonly CancellationTokenSource _stopping = new();
    private readonly byte _end;
    private readonly int _most;
    private readonly Action _stop;
    private readonly Ending _ending;
    private CommandException? _failure;

    /// <summary>Begins to read.</summary>
    /// <param name="ending">Ends the waiting at a signal.</param>
    /// <param name="open">Opens the input.</param>
    /// <param name="name">Its name in errors.</param>
    /// <param name="end">The byte that ends a piece.</param>
    /// <param name="most">The longest piece, in bytes.</param>
    public InputMessages(Ending ending, Func<Stream> open, string name, byte end, int most)
    {
        _end = end;
        _most = most;
        _ending = ending;
        _stop = _stopping.Cancel;
        ending.Add(_stop);
        if (!Threads.TryStart("input", () => ReadAll(open, name)))
        {
            ending.Remove(_stop);
            throw new CommandException(
                ExitCode.Failed, $"{name} cannot be read: this process can have no further thread. Allow it more (ulimit -u, the pids controller).");
        }
    }

    /// <summary>Waits for the next piece.</summary>
    /// <param name="limit">The time limit; null for none.</param>
    /// <param name="piece">The piece, without its end; null at the end of the input.</param>
    /// <returns>False if the time ran out first.</returns>
    /// <exception cref="CommandException">The input cannot be read.</exception>
    /// <exception cref="OperationCanceledException">A signal came.</exception>
    public bool TryNext(TimeSpan? limit, out byte[]? piece)
    {
        int milliseconds = limit is { } left ? (int)Math.Min(Math.Ceiling(left.TotalMilliseconds), int.MaxValue) : Timeout.Infinite;
        if (_pieces.TryTake(out piece, milliseconds, _stopping.Token))
        {
            return true;
        }

        piece = null;
        return !_pieces.IsCompleted ? false : _failure is null ? true : throw _failure;
    }

    /// <summary>Nobody takes any more.</summary>
    public void Dispose()
    {
        _ending.Remove(_stop);
        _stopping.Cancel();
    }

    private void ReadAll(Func<Stream> open, string name)
    {
        try
        {
            using Stream input = open();
            Split(input, name);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _failure = new CommandException(ExitCode.Failed, $"{name} cannot be read: {SystemFault.Describe(e, name)}", e);
        }
        catch (CommandException e)
        {
            _failure = e;
        }
        catch (OperationCanceledException)
        {
            // Nobody takes any more.
        }

        _pieces.CompleteAdding();
    }

    private void Split(Stream input, string name)
    {
        var begun = new MemoryStream();
        byte[] chunk = new byte[65536];
        int read;
        while ((read = input.Read(chunk)) > 0)
        {
            ReadOnlySpan<byte> rest = chunk.AsSpan(0, read);
            for (int end = rest.IndexOf(_end); end >= 0; end = rest.IndexOf(_end))
            {
                begun.Write(rest[..end]);
                _pieces.Add(begun.ToArray(), _stopping.Token);
                begun.SetLength(0);
                rest = rest[(end + 1)..];
            }

            begun.Write(rest);
            if (begun.Length > _most)
            {
                throw new CommandException(ExitCode.Failed, $"{name} has a message of more than {_most} bytes, more than any bus takes.");
            }
        }

        if (begun.Length > 0)
        {
            _pieces.Add(begun.ToArray(), _stopping.Token);
        }
    }
}
