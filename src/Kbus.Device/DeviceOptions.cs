namespace Kbus.Device;

/// <summary>Where the device files are, and whose they are.</summary>
internal sealed record DeviceOptions
{
    /// <summary>The directory that becomes the device files' file system.</summary>
    public required string Directory { get; init; }

    /// <summary>True if <c>/dev/kbusN</c> are to lead to the files.</summary>
    public bool Links { get; init; }

    /// <summary>Where those links are: default <c>/dev</c>.</summary>
    public string LinkDirectory { get; init; } = "/dev";

    /// <summary>The user who owns the files.</summary>
    public required uint Owner { get; init; }

    /// <summary>The group that they belong to.</summary>
    public required uint Group { get; init; }

    /// <summary>Their permission bits: default 0666, so that everybody may open a bus.</summary>
    public int Mode { get; init; } = 0x1B6;

    /// <summary>Makes the timers that end the waiting for a caller's memory.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
