using System.Text;
using Kbus.Link;
using Kbus.Watching;

namespace Kbus.Cli;

/// <summary>The first record of a recording: its version, and where and when it was made.</summary>
/// <param name="Flags">See <see cref="RecordingFlags"/>.</param>
/// <param name="Bus">The number of the bus.</param>
/// <param name="Clock">Both clocks when it began.</param>
/// <param name="Maker">The command that made it, such as <c>kbus 0.1.0</c>.</param>
/// <param name="Machine">The name of the machine.</param>
internal sealed record RecordingBegin(RecordingFlags Flags, uint Bus, WallClock Clock, string Maker, string Machine)
{
    /// <summary>The version of the format. A reader refuses a newer one.</summary>
    public const uint Version = 1;

    /// <summary>The version of the records of watchers in it.</summary>
    public const uint RecordsVersion = WatchWire.Version;

    private const int MostText = 256;

    /// <summary>Its bytes.</summary>
    public byte[] ToBytes()
    {
        byte[] maker = Cut(Maker);
        byte[] machine = Cut(Machine);
        byte[] bytes = new byte[Fixed.Size + WatchWire.Padded(maker.Length) + WatchWire.Padded(machine.Length)];
        Span<byte> rest = bytes;
        WatchWire.Write(
            ref rest,
            new Fixed(Version, RecordsVersion, (uint)Flags, Bus, Clock.Wall, Clock.Monotonic, (uint)maker.Length, (uint)machine.Length));
        WatchWire.Write(ref rest, maker);
        WatchWire.Write(ref rest, machine);
        return bytes;
    }

    /// <summary>Reads it.</summary>
    /// <param name="bytes">Its bytes.</param>
    /// <param name="version">The version of the format, also of one that cannot be read; 0 if there is none.</param>
    /// <returns>Null if it is of a newer version, or makes no sense.</returns>
    public static RecordingBegin? Read(ReadOnlySpan<byte> bytes, out uint version)
    {
        bool isRead = WatchWire.TryRead(ref bytes, out Fixed read);
        version = isRead ? read.FormatVersion : 0;
        if (!isRead || version != Version || read.OfRecords != RecordsVersion
            || !WatchWire.TryRead(ref bytes, read.MakerLength, out ReadOnlySpan<byte> maker)
            || !WatchWire.TryRead(ref bytes, read.MachineLength, out ReadOnlySpan<byte> machine))
        {
            return null;
        }

        var clock = new WallClock(read.Wall, read.Monotonic);
        var flags = (RecordingFlags)read.FlagBits;
        return new RecordingBegin(flags, read.Bus, clock, Encoding.UTF8.GetString(maker), Encoding.UTF8.GetString(machine));
    }

    private static byte[] Cut(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        return bytes[..Math.Min(bytes.Length, MostText)];
    }

    private readonly record struct Fixed(
        uint FormatVersion, uint OfRecords, uint FlagBits, uint Bus, long Wall, long Monotonic, uint MakerLength, uint MachineLength)
    {
        public const int Size = 40;
    }
}
