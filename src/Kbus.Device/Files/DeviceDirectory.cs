using System.Globalization;
using System.Text;

namespace Kbus.Device;

/// <summary>What is in the directory of device files: <c>bindings</c>, <c>stats</c>, and <c>kbusN</c> for each bus.</summary>
/// <remarks>A name once there stays as long as the directory, so the kernel may keep what it was told.</remarks>
internal sealed class DeviceDirectory(DeviceBuses buses, DeviceOptions options)
{
    /// <summary>The number of the directory itself.</summary>
    public const ulong Root = 1;

    /// <summary>The list of bindings.</summary>
    public const ulong Bindings = 2;

    /// <summary>The list of Ksocks.</summary>
    public const ulong Stats = 3;

    /// <summary>How long the kernel may keep names and attributes, in seconds.</summary>
    public const double Kept = 3600;

    private const ulong FirstBus = 0x100;
    private const uint DirectoryMode = FileStatus.Directory | 0x1ED;
    private const uint ReportMode = FileStatus.OrdinaryFile | 0x124;
    private const int FixedEntries = 4;

    /// <summary>How many entries the directory has, with <c>.</c> and <c>..</c>.</summary>
    public int Count => FixedEntries + buses.Count;

    /// <summary>The bus that a file stands for, or null.</summary>
    public DeviceBus? BusOf(ulong inode) => inode >= FirstBus ? buses.Find((uint)(inode - FirstBus)) : null;

    /// <summary>The file of this name; 0 if there is none.</summary>
    public ulong Find(ReadOnlySpan<byte> name)
    {
        if (name.SequenceEqual("bindings"u8))
        {
            return Bindings;
        }

        if (name.SequenceEqual("stats"u8))
        {
            return Stats;
        }

        // Only the plainest way of writing the number is the name.
        bool isBus = name.StartsWith("kbus"u8)
            && uint.TryParse(name[4..], NumberStyles.None, CultureInfo.InvariantCulture, out uint number)
            && number < buses.Count
            && name[4..].SequenceEqual(Encoding.ASCII.GetBytes(number.ToString(CultureInfo.InvariantCulture)));
        return isBus ? FirstBus + uint.Parse(name[4..], CultureInfo.InvariantCulture) : 0;
    }

    /// <summary>The entry at a place of the directory.</summary>
    public static (string Name, ulong Inode) Entry(int place) => place switch
    {
        0 => (".", Root),
        1 => ("..", Root),
        2 => ("bindings", Bindings),
        3 => ("stats", Stats),
        _ => ($"kbus{place - FixedEntries}", FirstBus + (ulong)(place - FixedEntries)),
    };

    /// <summary>The attributes of a file.</summary>
    public FileStatus StatusOf(ulong inode) => inode switch
    {
        Root => FileStatus.Of(inode, DirectoryMode, 2, options.Owner, options.Group),
        Bindings or Stats => FileStatus.Of(inode, ReportMode, 1, options.Owner, options.Group),
        _ => FileStatus.Of(inode, FileStatus.OrdinaryFile | (uint)options.Mode, 1, options.Owner, options.Group),
    };
}
