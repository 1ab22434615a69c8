using Kbus.Device;

namespace Kbus.Daemon;

/// <summary>The device files of this daemon, if it was asked for them; only then is anything of FUSE loaded.</summary>
internal sealed class DeviceHost : IDisposable
{
    /// <summary>The name of the usual place, in the runtime directory.</summary>
    public const string Usual = "dev";

    private readonly DeviceFiles _files;
    private readonly Log _log;
    private readonly string _directory;
    private readonly IReadOnlyList<string> _complaints;

    private DeviceHost(DeviceFiles files, string directory, IReadOnlyList<string> complaints, Log log)
    {
        _files = files;
        _directory = directory;
        _complaints = complaints;
        _log = log;
    }

    /// <summary>Mounts the device files. What a killed daemon left in the default place is cleaned in any case.</summary>
    /// <returns>Null if none are wanted.</returns>
    /// <exception cref="KbusdException">They cannot be mounted; the message says why.</exception>
    public static DeviceHost? Start(Daemon daemon, DaemonOptions options)
    {
        string usual = Path.Join(daemon.Directory, Usual);
        if (options.Devices is not { } wanted)
        {
            MountPoint.Abandon(usual);
            return null;
        }

        try
        {
            var device = new DeviceOptions
            {
                Directory = wanted.Length == 0 ? usual : Path.TrimEndingDirectorySeparator(Path.GetFullPath(wanted)),
                Links = options.DeviceLinks,
                LinkDirectory = options.DeviceLinkDirectory,
                Owner = options.DeviceOwner is { } owner ? Accounts.User(owner) : Accounts.OwnUser,
                Group = options.DeviceGroup is { } group ? Accounts.Group(group) : Accounts.OwnGroup,
                Mode = options.DeviceMode,
            };
            List<string> complaints = [];
            DeviceFiles files = DeviceFiles.Mount(device, new GuestBuses(daemon), complaints);
            return new DeviceHost(files, device.Directory, complaints, daemon.Log);
        }
        catch (DeviceException e)
        {
            throw new KbusdException(e.Message);
        }
    }

    /// <summary>
    /// Cleans what a killed daemon left in the default place, for a daemon that is about to give up the right to. Not while another one holds the directory.
    /// </summary>
    /// <param name="options">The daemon's options.</param>
    /// <param name="directory">The runtime directory; null if it is not known.</param>
    public static void CleanUp(DaemonOptions options, string? directory)
    {
        if (options.Devices is not null || directory is null || !MountPoint.IsInUse(Path.Join(directory, Usual)))
        {
            return;
        }

        using SocketDirectory opened = SocketDirectory.OpenOrMake(directory);
        if (DirectoryLock.TryTake(opened.Number, out DirectoryLock? held, out _))
        {
            MountPoint.Abandon(Path.Join(directory, Usual));
            held!.Dispose();
        }
    }

    /// <summary>Says where the files are, and what did not work out.</summary>
    public void Report()
    {
        _log.DevicesMounted(_directory);
        foreach (string complaint in _complaints)
        {
            _log.DevicesIncomplete(complaint);
        }
    }

    /// <summary>A bus has been made.</summary>
    public void BusAdded(uint number)
    {
        if (_files.TryLink(number) is { } complaint)
        {
            _log.DevicesIncomplete(complaint);
        }
    }

    /// <summary>Unmounts and removes everything. Afterwards no device call reaches a bus.</summary>
    public void Dispose() => _files.Dispose();
}
