using System.Globalization;
using System.Text;

namespace Kbus.Linux;

/// <summary>Which open file a descriptor's number stands for, so that it can be told later whether it still does.</summary>
/// <remarks>
/// Whoever shares the process may close a number that is not his, and the kernel then gives it to the next file that is opened. Sockets and
/// memory files have inodes of their own. All event counters share one, and are told apart by what the kernel says of them in <c>/proc</c> (Linux 5.2).
/// </remarks>
/// <param name="Device">The file system.</param>
/// <param name="Node">The inode.</param>
/// <param name="EventCounter">The event counter's number; <see cref="NoNumber"/> if it is none, or has none.</param>
internal readonly record struct FileIdentity(ulong Device, ulong Node, long EventCounter)
{
    private const long NoNumber = -1;

    private static ReadOnlySpan<byte> EventCounterField => "\neventfd-id:"u8;

    /// <summary>What a number stands for now. False if it is not open.</summary>
    public static bool TryOf(int descriptor, bool isEventCounter, out FileIdentity identity)
    {
        identity = default;
        if (LibC.Inode(descriptor, out ulong device, out ulong node) < 0)
        {
            return false;
        }

        identity = new FileIdentity(device, node, isEventCounter ? EventCounterOf(descriptor) : NoNumber);
        return true;
    }

    /// <summary>Whether it may be the same file: if it is a counter of which nothing could be learnt, another counter will do.</summary>
    public bool MayBe(FileIdentity other) => (Device, Node) == (other.Device, other.Node)
        && (EventCounter == other.EventCounter || EventCounter == NoNumber || other.EventCounter == NoNumber);

    /// <summary>Whether it is the same file, which takes knowing both.</summary>
    /// <param name="other">The other.</param>
    /// <param name="isEventCounter">Whether it is an event counter.</param>
    public bool IsSurely(FileIdentity other, bool isEventCounter) => this == other && (!isEventCounter || EventCounter != NoNumber);

    private static long EventCounterOf(int descriptor)
    {
        int file = LibC.Open(string.Create(CultureInfo.InvariantCulture, $"/proc/self/fdinfo/{descriptor}"), LibC.OpenReadOnly, 0);
        if (file < 0)
        {
            return NoNumber;
        }

        Span<byte> buffer = stackalloc byte[512];
        long length = LibC.Read(file, buffer);
        _ = LibC.Close(file);
        ReadOnlySpan<byte> text = buffer[..(int)Math.Max(0, length)];
        int at = text.IndexOf(EventCounterField);
        ReadOnlySpan<byte> value = at < 0 ? default : text[(at + EventCounterField.Length)..].TrimStart((byte)' ');
        int end = value.IndexOf((byte)'\n');
        return end > 0 && long.TryParse(Encoding.ASCII.GetString(value[..end]), NumberStyles.None, CultureInfo.InvariantCulture, out long number)
            ? number
            : NoNumber;
    }
}
