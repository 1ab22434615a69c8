using System.Net;
using System.Net.Sockets;
using Kbus.Linux;

namespace Kbus.Limpets;

/// <summary>The sockets at which a server waits for its peer: one for each place of its address, all with one port.</summary>
/// <remarks>A host's name often has one address of IPv4 and one of IPv6, and a client may connect to either.</remarks>
internal sealed class Listeners : IDisposable
{
    private const int TriesForOnePort = 10;

    /// <summary>AT_FDCWD: paths are as this process sees them.</summary>
    private const int WorkingDirectory = -100;
    private readonly string? _path;
    private readonly FileStatus _file;

    private Listeners(LimpetAddress address, IReadOnlyList<Socket> sockets)
    {
        Sockets = sockets;
        _path = address.Path;
        _file = _path is not null && LibC.StatusAt(WorkingDirectory, _path, out FileStatus file) >= 0 ? file : default;
        Address = _path is not null ? address : AddressOf(sockets[0]);
    }

    /// <summary>Where the first of them listens; with the port that was given to it.</summary>
    public LimpetAddress Address { get; }

    /// <summary>All of them.</summary>
    public IReadOnlyList<Socket> Sockets { get; }

    /// <summary>Begins to listen. The file of a Unix socket is for this user alone; one that nobody listens to is replaced.</summary>
    /// <param name="address">Where.</param>
    /// <param name="security">Says whether that may be.</param>
    /// <param name="tell">Receives what a person should know.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="LimpetException">It cannot be listened there, or may not without protection.</exception>
    public static async Task<Listeners> OpenAsync(LimpetAddress address, LimpetSecurity security, Action<LimpetLogLevel, string> tell, CancellationToken cancellationToken)
    {
        try
        {
            EndPoint[] places = [.. (await address.ResolveAsync(cancellationToken).ConfigureAwait(false)).Distinct()];
            Array.ForEach(places, p => security.CheckPlace(p, tell));
            RemoveStale(address.Path);
            var listeners = new Listeners(address, Open(places, address.Port == 0 ? TriesForOnePort : 1, tell));
            foreach (Socket also in listeners.Sockets.Skip(1))
            {
                tell(LimpetLogLevel.Information, $"Listens at {AddressOf(also)} as well.");
            }

            return listeners;
        }
        catch (Exception e) when (e is SocketException or UnauthorizedAccessException or (IOException and not LimpetException))
        {
            throw new LimpetException($"Cannot listen at {address}: {SocketFault.OfServer(address, e)}.", e);
        }
    }

    /// <summary>Stops listening, and removes the file of a Unix socket.</summary>
    public void Dispose()
    {
        // The file may be a successor's by now, which took this one for dead. Its inode is this one's only while the socket is open.
        if (_path is not null && LibC.StatusAt(WorkingDirectory, _path, out FileStatus file) >= 0 && file.IsSame(_file))
        {
            File.Delete(_path);
        }

        foreach (Socket socket in Sockets)
        {
            socket.Dispose();
        }
    }

    /// <summary>Opens all that there are.</summary>
    /// <param name="places">The addresses; port 0 is any port, the same for all.</param>
    /// <param name="tries">The number of attempts to find a port that is free for all of them.</param>
    /// <param name="tell">Receives the addresses that do not exist.</param>
    /// <exception cref="SocketException">There is none, or somebody listens there.</exception>
    internal static List<Socket> Open(EndPoint[] places, int tries, Action<LimpetLogLevel, string> tell)
    {
        List<Socket> open = [];
        SocketException? last = null;
        foreach (EndPoint place in places)
        {
            // The port that the first one was given.
            EndPoint there = place is IPEndPoint { Port: 0 } any && open.Count > 0 ? new IPEndPoint(any.Address, AddressOf(open[0]).Port) : place;
            try
            {
                open.Add(Open(there));
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.AddressNotAvailable or SocketError.AddressFamilyNotSupported && places.Length > 1)
            {
                // Names often have an address of IPv6 on machines without IPv6.
                last = e;
                tell(LimpetLogLevel.Warning, $"Does not listen at {there}: {e.Message}.");
            }
            catch (Exception e)
            {
                open.ForEach(s => s.Dispose());
                if (e is SocketException { SocketErrorCode: SocketError.AddressAlreadyInUse } && open.Count > 0 && tries > 1)
                {
                    return Open(places, tries - 1, tell);
                }

                throw;
            }
        }

        return open.Count > 0 ? open : throw last ?? new SocketException((int)SocketError.HostNotFound);
    }

    private static Socket Open(EndPoint place)
    {
        Socket socket = place is UnixDomainSocketEndPoint path ? BoundTo(path) : Limpets.Sockets.For(place);
        try
        {
            if (place is IPEndPoint)
            {
                // A port that was in use a moment ago can be bound to, as the framework sees to; its own option for that would let others
                // listen there too.
                socket.Bind(place);
            }

            socket.Listen();
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>A socket with the path as its name, for this user alone. Nobody can connect before it listens.</summary>
    /// <remarks>The framework removes the file by its name, whosever it is by then, when a socket is closed that it has bound itself. So
    /// it does not bind this one.</remarks>
    private static Socket BoundTo(UnixDomainSocketEndPoint place)
    {
        string path = place.ToString();
        var handle = new SafeSocketHandle(LibC.StreamSocket(blocking: true), ownsHandle: true);
        try
        {
            if (handle.IsInvalid || LibC.Bind((int)handle.DangerousGetHandle(), path) < 0)
            {
                // The framework says why.
                using Socket failing = Limpets.Sockets.For(place);
                failing.Bind(place);
                throw new SocketException((int)SocketError.AddressAlreadyInUse);
            }

            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            return new Socket(handle);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    private static LimpetAddress AddressOf(Socket socket)
    {
        var place = (IPEndPoint)socket.LocalEndPoint!;
        return new LimpetAddress(place.Address.ToString(), place.Port, null);
    }

    /// <summary>A socket's file stays behind when its server is killed.</summary>
    private static void RemoveStale(string? path)
    {
        if (path is null || !File.Exists(path))
        {
            return;
        }

        using Socket probe = Limpets.Sockets.For(new UnixDomainSocketEndPoint(path));
        try
        {
            probe.Connect(new UnixDomainSocketEndPoint(path));
            throw new LimpetException($"Cannot listen at {path}: somebody does already.");
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionRefused && SocketFault.IsSocket(path))
        {
            File.Delete(path);
        }
    }
}
