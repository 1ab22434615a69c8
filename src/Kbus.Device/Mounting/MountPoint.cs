using Kbus.Core;
using Kbus.Linux;

namespace Kbus.Device;

/// <summary>The directory that the device files are mounted on: made if need be, freed of what a killed daemon left, removed if we made it.</summary>
internal sealed class MountPoint
{
    private readonly bool _isOurs;

    private MountPoint(string directory, bool isOurs)
    {
        Directory = directory;
        _isOurs = isOurs;
    }

    /// <summary>Where it is.</summary>
    public string Directory { get; }

    /// <summary>Makes a directory ready to be mounted on.</summary>
    /// <exception cref="DeviceException">It cannot be; the message says why.</exception>
    public static MountPoint Prepare(string directory)
    {
        bool wasOurs = CleanUp(directory);
        try
        {
            if (MountTable.TypesAt(directory).Contains(MountTable.OurType))
            {
                throw new DeviceException($"{directory} holds the device files of another kbusd.");
            }

            bool isNew = !System.IO.Directory.Exists(directory);
            if (isNew)
            {
                System.IO.Directory.CreateDirectory(directory);
            }
            else if (System.IO.Directory.EnumerateFileSystemEntries(directory).Any())
            {
                throw new DeviceException($"{directory} is not empty; the device files would hide what is in it. Name another directory.");
            }

            return new MountPoint(directory, isNew || wasOurs);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DeviceException($"{directory} cannot be made or looked into: {Words(e)}.");
        }
    }

    /// <summary>Unmounts device files there whose daemon was killed.</summary>
    /// <returns>True if there were any.</returns>
    private static bool CleanUp(string directory)
    {
        bool found = false;
        try
        {
            while (MountTable.TypesAt(directory) is [.., MountTable.OurType] && IsDead(directory) && TryUnmount(directory))
            {
                found = true;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Without a list of mounts there is nothing to clean.
        }

        return found;
    }

    /// <summary>Whether device files are mounted there, of a daemon that lives or of one that was killed.</summary>
    public static bool IsInUse(string directory)
    {
        try
        {
            return MountTable.TypesAt(directory).Contains(MountTable.OurType);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Cleans a place that will not be used: device files whose daemon was killed, and the directory that was made for them.</summary>
    public static void Abandon(string directory)
    {
        if (CleanUp(directory))
        {
            new MountPoint(directory, isOurs: true).Remove();
        }
    }

    /// <summary>Unmounts what is there, whoever still uses it.</summary>
    public void Unmount() => _ = TryUnmount(Directory);

    /// <summary>Removes the directory, if it was made for the device files. They have been unmounted.</summary>
    public void Remove()
    {
        try
        {
            if (_isOurs)
            {
                System.IO.Directory.Delete(Directory);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Somebody has put something there; it is theirs now.
        }
    }

    /// <summary>Asks for a name that is not there: a living daemon says so, a dead one's connection says that it is dead.</summary>
    private static bool IsDead(string directory)
    {
        try
        {
            _ = File.GetAttributes(Path.Join(directory, ".alive"));
            return false;
        }
        catch (FileNotFoundException)
        {
            return false;
        }
        catch (IOException e)
        {
            return e.HResult is (int)Errno.ENOTCONN or (int)Errno.ECONNABORTED;
        }
    }

    private static bool TryUnmount(string directory) =>
        LibC.Unmount(directory) >= 0 || LibC.RunFromPath("fusermount3", "-u", "-z", directory);

    private static string Words(Exception e) => e switch
    {
        UnauthorizedAccessException => Errno.EACCES.Describe(),
        IOException { HResult: > 0 } => ((Errno)e.HResult).Describe(),
        _ => e.GetType().Name,
    };
}
