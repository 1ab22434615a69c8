using System.Runtime.InteropServices;
using System.Text;

namespace Kbus.Linux;

/// <content>Unix sockets, but for passing descriptors.</content>
internal static unsafe partial class LibC
{
    /// <summary>The call does not block, whatever the socket is set to.</summary>
    public const int MessageDontWait = 0x40;

    /// <summary>A peer that has gone is an error, not a signal.</summary>
    public const int MessageNoSignal = 0x4000;

    /// <summary>The other side has finished; both directions.</summary>
    public const int ShutdownBoth = 2;

    /// <summary>The longest path of a socket, in bytes of UTF-8.</summary>
    public const int LongestSocketPath = 107;

    private const int FamilyUnix = 1;
    private const int SocketStream = 1;
    private const int SocketCloseOnExec = 0x80000;
    private const int SocketNonBlocking = 0x800;
    private const int LevelSocket = 1;
    private const int OptionSendBuffer = 7;
    private const int OptionType = 3;
    private const int OptionPeerCredentials = 17;
    private const int OptionPeerGroups = 59;
    private const int MostGroups = 65536;
    private const int OptionSendTimeout = 21;
    private const int OptionIsListening = 30;
    private const int OptionDomain = 39;
    private const int OptionPeerPidfd = 77;

    /// <summary>A Unix stream socket.</summary>
    public static int StreamSocket(bool blocking) =>
        Result(NativeSocket(FamilyUnix, SocketStream | SocketCloseOnExec | (blocking ? 0 : SocketNonBlocking), 0));

    /// <summary>Two Unix stream sockets connected with each other.</summary>
    public static int StreamSocketPair(bool blocking, out int first, out int second)
    {
        int* pair = stackalloc int[2];
        int result = Result(NativeSocketPair(FamilyUnix, SocketStream | SocketCloseOnExec | (blocking ? 0 : SocketNonBlocking), 0, pair));
        (first, second) = result < 0 ? (-1, -1) : (pair[0], pair[1]);
        return result;
    }

    /// <summary>Gives a socket its path, which must not exist yet.</summary>
    public static int Bind(int socket, string path)
    {
        UnixAddress address;
        int length = UnixAddress.Make(path, &address);
        return length < 0 ? length : Result(NativeBind(socket, &address, (uint)length));
    }

    /// <summary>Lets others connect.</summary>
    public static int Listen(int socket, int backlog) => Result(NativeListen(socket, backlog));

    /// <summary>Connects to a path. Not repeated when interrupted: a connect that was interrupted has happened or has not.</summary>
    public static int Connect(int socket, string path)
    {
        UnixAddress address;
        int length = UnixAddress.Make(path, &address);
        return length < 0 ? length : Result(NativeConnect(socket, &address, (uint)length));
    }

    /// <summary>The next connection, as a socket that does not block and that other programs do not inherit.</summary>
    public static int Accept(int socket)
    {
        int result;
        do
        {
            result = Result(NativeAccept(socket, null, null, SocketCloseOnExec | SocketNonBlocking));
        }
        while (result == Interrupted);
        return result;
    }

    /// <summary>Ends a connection for all who hold the socket.</summary>
    public static int Shutdown(int socket) => Result(NativeShutdown(socket, ShutdownBoth));

    /// <summary>Sends what goes at once.</summary>
    public static int Send(int socket, ReadOnlySpan<byte> bytes, int flags)
    {
        fixed (byte* start = bytes)
        {
            nint result;
            do
            {
                result = (nint)Result(NativeSend(socket, start, (nuint)bytes.Length, flags | MessageNoSignal));
            }
            while (result == Interrupted);
            return (int)result;
        }
    }

    /// <summary>Receives what is there; zero means that the peer has gone.</summary>
    public static int Receive(int socket, Span<byte> bytes, int flags)
    {
        fixed (byte* start = bytes)
        {
            nint result;
            do
            {
                result = (nint)Result(NativeReceive(socket, start, (nuint)bytes.Length, flags));
            }
            while (result == Interrupted);
            return (int)result;
        }
    }

    /// <summary>Limits how long a send or connect on this socket blocks.</summary>
    public static int SetSendTimeout(int socket, long nanoseconds)
    {
        // A time of zero would mean no limit at all.
        long microseconds = Math.Max(1, nanoseconds / 1000);
        TimeSpec value = new() { Seconds = microseconds / 1_000_000, Nanoseconds = microseconds % 1_000_000 };
        return Result(NativeSetSocketOption(socket, LevelSocket, OptionSendTimeout, &value, (uint)sizeof(TimeSpec)));
    }

    /// <summary>How much may wait in a socket for its other end, in bytes as the kernel counts them.</summary>
    public static int SendBufferSize(int socket)
    {
        int value = 0;
        uint length = sizeof(int);
        int result = Result(NativeGetSocketOption(socket, LevelSocket, OptionSendBuffer, &value, &length));
        return result < 0 ? result : value;
    }

    /// <summary>Sets how much may wait in a socket; the kernel takes it twice, and raises it to its least. Wakes who waits for room.</summary>
    public static int SetSendBufferSize(int socket, int size) =>
        Result(NativeSetSocketOption(socket, LevelSocket, OptionSendBuffer, &size, sizeof(int)));

    /// <summary>Whether connections can be accepted at a stream socket of the Unix family.</summary>
    public static bool IsListeningUnixSocket(int socket)
    {
        ReadOnlySpan<(int Option, int Wanted)> wanted = [(OptionDomain, FamilyUnix), (OptionType, SocketStream), (OptionIsListening, 1)];
        foreach ((int option, int value) in wanted)
        {
            int found = 0;
            uint length = sizeof(int);
            if (Result(NativeGetSocketOption(socket, LevelSocket, option, &found, &length)) < 0 || found != value)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The path that a Unix socket was bound to; null if it was bound to none.</summary>
    public static string? SocketPath(int socket)
    {
        UnixAddress address = default;
        uint length = (uint)sizeof(UnixAddress);
        return Result(NativeGetSocketName(socket, &address, &length)) < 0 ? null : address.Path();
    }

    /// <summary>Who connected: process, user and group at the time of connect.</summary>
    public static int PeerCredentials(int socket, out PeerCredentials peer)
    {
        PeerCredentials value = default;
        uint length = (uint)sizeof(PeerCredentials);
        int result = Result(NativeGetSocketOption(socket, LevelSocket, OptionPeerCredentials, &value, &length));
        peer = result < 0 ? default : value;
        return result;
    }

    /// <summary>The supplementary groups of who connected, at the time of connect. Zero or <c>-errno</c>.</summary>
    public static int PeerGroups(int socket, out uint[] groups)
    {
        uint[] found = new uint[32];
        while (true)
        {
            uint length = (uint)found.Length * sizeof(uint);
            int result;
            fixed (uint* list = found)
            {
                result = Result(NativeGetSocketOption(socket, LevelSocket, OptionPeerGroups, list, &length));
            }

            if (result == OutOfRange && length > found.Length * sizeof(uint) && length <= MostGroups * sizeof(uint))
            {
                // The kernel has said how much room it needs.
                found = new uint[length / sizeof(uint)];
                continue;
            }

            groups = result < 0 ? [] : found[..(int)(length / sizeof(uint))];
            return result;
        }
    }

    /// <summary>A pidfd of the process that connected; <c>-ENOPROTOOPT</c> before Linux 6.5.</summary>
    public static int PeerPidfd(int socket)
    {
        int pidfd = -1;
        uint length = sizeof(int);
        int result = Result(NativeGetSocketOption(socket, LevelSocket, OptionPeerPidfd, &pidfd, &length));
        return result < 0 ? result : pidfd;
    }

    [LibraryImport(Library, EntryPoint = "socket")]
    private static partial int NativeSocket(int family, int type, int protocol);

    [LibraryImport(Library, EntryPoint = "socketpair")]
    private static partial int NativeSocketPair(int family, int type, int protocol, int* pair);

    [LibraryImport(Library, EntryPoint = "bind")]
    private static partial int NativeBind(int socket, void* address, uint length);

    [LibraryImport(Library, EntryPoint = "listen")]
    private static partial int NativeListen(int socket, int backlog);

    [LibraryImport(Library, EntryPoint = "connect")]
    private static partial int NativeConnect(int socket, void* address, uint length);

    [LibraryImport(Library, EntryPoint = "accept4")]
    private static partial int NativeAccept(int socket, void* address, uint* length, int flags);

    [LibraryImport(Library, EntryPoint = "shutdown")]
    private static partial int NativeShutdown(int socket, int how);

    [LibraryImport(Library, EntryPoint = "send")]
    private static partial nint NativeSend(int socket, byte* bytes, nuint count, int flags);

    [LibraryImport(Library, EntryPoint = "recv")]
    private static partial nint NativeReceive(int socket, byte* bytes, nuint count, int flags);

    [LibraryImport(Library, EntryPoint = "getsockname")]
    private static partial int NativeGetSocketName(int socket, void* address, uint* length);

    [LibraryImport(Library, EntryPoint = "setsockopt")]
    private static partial int NativeSetSocketOption(int socket, int level, int option, void* value, uint length);

    [LibraryImport(Library, EntryPoint = "getsockopt")]
    private static partial int NativeGetSocketOption(int socket, int level, int option, void* value, uint* length);

    /// <summary>The address of a Unix socket.</summary>
    private struct UnixAddress
    {
        private const int PathOffset = 2;

        private ushort _family;
        private fixed byte _path[LongestSocketPath + 1];

        /// <summary>The path in an address that the kernel filled in; null if there is none, or an abstract name.</summary>
        public string? Path()
        {
            fixed (byte* start = _path)
            {
                ReadOnlySpan<byte> path = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(start);
                return _family == FamilyUnix && path.Length > 0 ? Encoding.UTF8.GetString(path) : null;
            }
        }

        /// <summary>Fills in an address; its length, or <c>-errno</c>.</summary>
        public static int Make(string path, UnixAddress* address)
        {
            *address = default;
            address->_family = FamilyUnix;

            // An empty path or one with a NUL in it would mean an abstract name, which no permission of the file system guards.
            if (path.Length == 0 || path.Contains('\0', StringComparison.Ordinal))
            {
                return Invalid;
            }

            int length = Encoding.UTF8.GetByteCount(path);
            if (length > LongestSocketPath)
            {
                return NameTooLong;
            }

            Encoding.UTF8.GetBytes(path, new Span<byte>(address->_path, LongestSocketPath));
            return PathOffset + length + 1;
        }
    }
}
