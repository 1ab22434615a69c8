using System.Text;

namespace Kbus.Linux;

/// <content>One datagram to a service supervisor.</content>
internal static unsafe partial class LibC
{
    private const int SocketDatagram = 2;

    /// <summary>Sends one datagram to a Unix socket; a path that begins with <c>@</c> is an abstract name.</summary>
    public static int SendDatagram(string path, ReadOnlySpan<byte> bytes)
    {
        byte[] name = Encoding.UTF8.GetBytes(path);
        if (name.Length == 0 || name.Length > LongestSocketPath)
        {
            return Invalid;
        }

        const int pathOffset = sizeof(ushort);
        Span<byte> address = stackalloc byte[pathOffset + LongestSocketPath + 1];
        address.Clear();
        BitConverter.TryWriteBytes(address, (ushort)FamilyUnix);
        name.CopyTo(address[pathOffset..]);
        bool isAbstract = name[0] == '@';
        if (isAbstract)
        {
            address[pathOffset] = 0;
        }

        int socket = Result(NativeSocket(FamilyUnix, SocketDatagram | SocketCloseOnExec, 0));
        if (socket < 0)
        {
            return socket;
        }

        int result;
        fixed (byte* start = address)
        {
            result = Result(NativeConnect(socket, start, (uint)(pathOffset + name.Length + (isAbstract ? 0 : 1))));
        }

        if (result >= 0)
        {
            result = Send(socket, bytes, 0);
        }

        _ = Close(socket);
        return result;
    }
}
