using Kbus.Link;
using Kbus.Linux;
using Kbus.Policy;

namespace Kbus.Daemon;

/// <summary>Gives the runtime directory to the user as whom kbusd will serve there, while kbusd is root.</summary>
/// <remarks>
/// Only a directory that root alone can write to changes hands, and only if nothing is in it but what a kbusd leaves there. So a directory of
/// the machine that was named by mistake stays root's. While kbusd holds the directory's lock, no other kbusd serves there.
/// </remarks>
internal static class DirectoryHandover
{
    /// <summary>Makes the directory if there is none, and gives it to a user if it is root's.</summary>
    /// <exception cref="KbusdException">It cannot be made or given, or another kbusd serves there; the message says so.</exception>
    public static void Give(string path, Account account)
    {
        using SocketDirectory directory = SocketDirectory.OpenOrMake(Path.TrimEndingDirectorySeparator(path));
        if (directory.Status is not { UserId: 0, IsWrittenByOwnerAlone: true } || !HasOnlyWhatIsOurs(directory))
        {
            // It may be the user's own, or open to the user; otherwise an error will say what the user may not do.
            return;
        }

        using DirectoryLock held = ServingDirectory.WaitForLock(path, directory);
        foreach (string name in (ReadOnlySpan<string>)[RuntimeDirectory.Lock, RuntimeDirectory.Log, RuntimeDirectory.OldLog])
        {
            GiveFile(directory, name, account);
        }

        int result = directory.GiveTo(account.User, account.Group);
        if (result < 0)
        {
            throw new KbusdException($"{path} cannot be given to the user {account.Name}: {ServingDirectory.Words(result)}.");
        }
    }

    private static bool HasOnlyWhatIsOurs(SocketDirectory directory)
    {
        try
        {
            return Directory.EnumerateFileSystemEntries(LibC.PathOf(directory.Number)).All(e => IsOurs(Path.GetFileName(e)));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static bool IsOurs(string name) =>
        name is RuntimeDirectory.Lock or RuntimeDirectory.Log or RuntimeDirectory.OldLog or DeviceHost.Usual || SocketDirectory.SocketNames.Contains(name);

    /// <summary>Gives a file away, if it is there and has no other name: then it can be nothing but what a kbusd of root has left.</summary>
    private static void GiveFile(SocketDirectory directory, string name, Account account)
    {
        int number = LibC.OpenAt(directory.Number, name, LibC.OpenPathOnly, 0);
        if (number < 0)
        {
            return;
        }

        using var file = new Descriptor(number);
        if (LibC.StatusOf(number, out FileStatus status) >= 0 && status is { IsRegular: true, Names: 1, UserId: 0 })
        {
            _ = LibC.ChangeOwner(number, account.User, account.Group);
        }
    }
}
