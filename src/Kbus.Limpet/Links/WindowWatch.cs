using System.Net.Sockets;

namespace Kbus.Limpets;

/// <summary>Distinguishes a machine that is silent from a program that reads slowly, on one TCP connection.</summary>
/// <remarks>
/// <para>TCP_USER_TIMEOUT ends a connection whose machine does not answer. But it also counts the time during which the machine answers
/// that its buffer is full (a zero window). The kernel opens the window again only when a good part of the buffer is free. A program that
/// reads slowly but steadily may take longer for that than the limit. So the limit is lifted while the peer's buffer is full. Whether the
/// peer takes anything at all is then known from the bytes that it has acknowledged.</para>
/// <para>One thread at a time.</para>
/// </remarks>
/// <param name="socket">The connection.</param>
/// <param name="silenceLimit">The limit.</param>
/// <param name="time">The source of time.</param>
internal sealed class WindowWatch(Socket socket, TimeSpan silenceLimit, TimeProvider time)
{
    private bool _isLifted;
    private ulong _acknowledged;
    private long _since;

    /// <summary>The time to the peer's machine and back, smoothed; null if the connection is closed, or nothing was acknowledged yet. Any
    /// thread may ask.</summary>
    public TimeSpan? RoundTrip =>
        TcpState.TryRead(socket, out TcpState state) && state.RoundTrip > 0 ? TimeSpan.FromMicroseconds(state.RoundTrip) : null;

    /// <summary>Looks at the connection, and lifts the limit or sets it again.</summary>
    /// <returns>The time for which the peer's buffer has been full and nothing was acknowledged.</returns>
    public TimeSpan Look()
    {
        if (!TcpState.TryRead(socket, out TcpState state))
        {
            return TimeSpan.Zero;
        }

        bool isFull = state.IsWindowFull;
        if (isFull && !_isLifted)
        {
            _isLifted = true;
            _acknowledged = state.Acknowledged;
            _since = time.GetTimestamp();
            Sockets.SetUserTimeout(socket, TimeSpan.Zero);
        }
        else if (_isLifted && (state.Unsent == 0 || state.Retransmits > 0))
        {
            // All is sent, or the machine does not answer any more.
            _isLifted = false;
            Sockets.SetUserTimeout(socket, silenceLimit);
        }

        if (!_isLifted || state.Acknowledged != _acknowledged)
        {
            _acknowledged = state.Acknowledged;
            _since = time.GetTimestamp();
        }

        return time.GetElapsedTime(_since);
    }

    /// <summary>What the kernel says of a connection (TCP_INFO of linux/tcp.h).</summary>
    private readonly record struct TcpState(int Retransmits, int BackedOff, uint Unacknowledged, ulong Acknowledged, uint Unsent, uint RoundTrip)
    {
        private const int Information = 11;
        private const int RetransmitsAt = 2;
        private const int BackoffAt = 4;
        private const int UnacknowledgedAt = 24;
        private const int RoundTripAt = 68;
        private const int AcknowledgedAt = 120;
        private const int UnsentAt = 144;
        private const int Length = 148;

        /// <summary>Whether bytes wait, and the peer's buffer has no room for them.</summary>
        public bool IsWindowFull => Retransmits == 0 && ((Unsent > 0 && Unacknowledged == 0) || BackedOff > 0);

        public static bool TryRead(Socket socket, out TcpState state)
        {
            state = default;
            byte[] bytes = new byte[256];
            try
            {
                if (socket.GetRawSocketOption(Sockets.TcpLevel, Information, bytes) < Length)
                {
                    return false;
                }
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                return false;
            }

            state = new TcpState(
                bytes[RetransmitsAt],
                bytes[BackoffAt],
                BitConverter.ToUInt32(bytes, UnacknowledgedAt),
                BitConverter.ToUInt64(bytes, AcknowledgedAt),
                BitConverter.ToUInt32(bytes, UnsentAt),
                BitConverter.ToUInt32(bytes, RoundTripAt));
            return true;
        }
    }
}
