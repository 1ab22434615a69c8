using Kbus.Link;
using Kbus.Linux;

namespace Kbus.Bench.Hostile;

/// <summary>Asks for the status, or another report, and reads all of it without looking at it.</summary>
internal sealed class StatusReader(string directory, string question = "status\n") : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private readonly byte[] _piece = new byte[64 * 1024];
    private Descriptor? _socket;

    /// <summary>Bytes of the last answer.</summary>
    public long Length { get; private set; }

    /// <summary>Asks.</summary>
    /// <param name="result">Zero, or <c>-errno</c>: ECONNRESET for no answer, or half of one.</param>
    /// <param name="goesOn">Whether to go on reading; null for always.</param>
    /// <returns>True if a whole answer came.</returns>
    public bool TryAsk(out int result, Func<bool>? goesOn = null)
    {
        Deadline deadline = Deadline.After(Limit);
        Length = 0;
        result = UnixSocket.Connect(RuntimeDirectory.ControlSocket(directory), deadline, out _socket);
        if (result < 0)
        {
            return false;
        }

        using (_socket)
        {
            byte last = 0;
            result = LibC.Send(_socket!.Number, System.Text.Encoding.ASCII.GetBytes(question), LibC.MessageDontWait);
            while (result > 0 && goesOn?.Invoke() != false)
            {
                int reported = LibC.Poll(_socket.Number, LibC.PollIn, deadline);
                result = reported <= 0 ? -(int)Errno.ETIMEDOUT : LibC.Receive(_socket.Number, _piece, LibC.MessageDontWait);
                if (result > 0)
                {
                    Length += result;
                    last = _piece[result - 1];
                }
            }

            result = result == 0 && last != (byte)'}' ? -(int)Errno.ECONNRESET : result;
            return result == 0;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _socket?.Dispose();
}
