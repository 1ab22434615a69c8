using System.Net.Sockets;

namespace Kbus.Limpets;

/// <summary>Says why there is no socket, as the end of a sentence. The framework's own words are often none where it is shipped without
/// them, and not always true of a path.</summary>
internal static class SocketFault
{
    /// <summary>Why one cannot connect to a place.</summary>
    public static string OfClient(LimpetAddress address, Exception e) => address.Path is not { } path || e is not SocketException ? Describe(e)
        : !File.Exists(path) ? "there is no such socket; its server does not listen yet, or another path was meant"
        : !IsSocket(path) ? "it is a file of another kind, and no socket"
        : Describe(e);

    /// <summary>Why one cannot listen at a place.</summary>
    public static string OfServer(LimpetAddress address, Exception e)
    {
        if (address.Path is not { } path)
        {
            return e is SocketException { SocketErrorCode: SocketError.AddressNotAvailable }
                ? $"{Describe(e)}. A server's address is one of this machine's own; 0.0.0.0 stands for all of them"
                : Describe(e);
        }

        string directory = Path.GetDirectoryName(Path.GetFullPath(path)) ?? "/";
        return !Directory.Exists(directory) ? $"there is no directory {directory}"
            : Directory.Exists(path) ? "it is a directory"
            : File.Exists(path) && !IsSocket(path) ? "it is a file of another kind than a socket, and is left as it is"
            : Describe(e);
    }

    /// <summary>Whether a file is a socket, which alone cannot be opened; who tries to connect to a file of another kind is refused as
    /// well.</summary>
    public static bool IsSocket(string path)
    {
        const int NoSuchDevice = 6;
        try
        {
            // For writing too: so a pipe's other end is not waited for.
            File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite).Dispose();
            return false;
        }
        catch (IOException e)
        {
            return e.HResult == NoSuchDevice;
        }
        catch (UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>In the system's words.</summary>
    private static string Describe(Exception e) => e switch
    {
        SocketException => e.Message,
        UnauthorizedAccessException => Words(Errno.EACCES),
        IOException { HResult: > 0 } => Words((Errno)e.HResult),
        _ => e.Message,
    };

    private static string Words(Errno error) => $"{KbusErrors.Name(error)} ({KbusErrors.UnixMeaning(error)})";
}
