using Kbus.Core;

namespace Kbus.Daemon;

/// <summary>What the daemon is told at its start, by its command line or its configuration file.</summary>
internal sealed record DaemonOptions
{
    /// <summary>Where the buses' sockets are: default <c>$KBUS_RUNTIME_DIR</c>, else <c>/run/kbus</c> for root, else <c>$XDG_RUNTIME_DIR/kbus</c>.</summary>
    public string? RuntimeDirectory { get; init; }

    /// <summary>The user as whom a kbusd that root starts serves, by name or number; null, the default, for the user who starts it.</summary>
    public string? User { get; init; }

    /// <summary>How many buses there are at the start: 1 to 256, default 1.</summary>
    public int Buses { get; init; } = 1;

    /// <summary>The limits that each bus starts with. Of bytes of messages no more than a quarter of the machine's memory, unless it is set.</summary>
    public BusOptions Bus { get; init; } = new() { MaxMessageBytes = Math.Min(new BusOptions().MaxMessageBytes, QuarterOfMemory) };

    /// <summary>Ksocks that all users may have open together: 4 and more; null, the default, for as many as descriptors and memory mappings allow.</summary>
    public uint? MaxKsocks { get; init; }

    /// <summary>Permission bits of the sockets: default 0666, so that the directory's permissions decide.</summary>
    public int SocketMode { get; init; } = 0x1B6;

    /// <summary>End by itself when no Ksock has been open for so long; null, the default, never.</summary>
    public TimeSpan? ExitWhenIdle { get; init; }

    /// <summary>Take off what was inherited from whoever started the daemon, and log into a file of the runtime directory: default false.</summary>
    public bool Detached { get; init; }

    /// <summary>The file of the policy; null, the default, for none: then everybody who can open a bus may do everything.</summary>
    public string? Policy { get; init; }

    /// <summary>Where the device files are; empty for <c>dev</c> in the runtime directory; null, the default, if there are to be none.</summary>
    public string? Devices { get; init; }

    /// <summary>True if <c>/dev/kbusN</c> are to lead to the device files.</summary>
    public bool DeviceLinks { get; init; }

    /// <summary>Where those links are: default <c>/dev</c>.</summary>
    public string DeviceLinkDirectory { get; init; } = "/dev";

    /// <summary>Who owns the device files, by name or number; null for the daemon's own user.</summary>
    public string? DeviceOwner { get; init; }

    /// <summary>The group of the device files, by name or number; null for the daemon's own.</summary>
    public string? DeviceGroup { get; init; }

    /// <summary>Permission bits of the device files: default 0666, so that everybody may open a bus.</summary>
    public int DeviceMode { get; init; } = 0x1B6;

    private static long QuarterOfMemory => Math.Max(MessageLayout.LargestMessage, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 4);

    /// <summary>Says what is wrong with these options, if anything.</summary>
    /// <returns>A sentence; null if all is well.</returns>
    public string? Check()
    {
        if (Buses is < 1 or > Daemon.MostBuses)
        {
            return $"There can be 1 to {Daemon.MostBuses} buses.";
        }

        if (MaxKsocks < 4)
        {
            return "There must be room for at least 4 Ksocks.";
        }

        if (Devices is null && (DeviceLinks || DeviceOwner is not null || DeviceGroup is not null))
        {
            return "There are no device files without --devices.";
        }

        return ExitWhenIdle < TimeSpan.Zero ? "The idle time cannot be negative." : Bus.Check();
    }
}
