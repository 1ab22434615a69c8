using System.Globalization;
using System.Text;
using Kbus.Link;

namespace Kbus.Cli;

/// <summary>Whose a Ksock is, by name. Numbers of processes and users mean something on one machine at one time only.</summary>
/// <param name="Program">The name of the program; empty if nobody knows.</param>
/// <param name="User">The name of its user, or his number.</param>
internal readonly record struct KsockProgram(string Program, string User)
{
    private const int MostText = 256;

    /// <summary>The names that this machine has for a process and a user now.</summary>
    public static KsockProgram Of(int processId, uint userId) => new(NameOf(processId), UserNames.Of(userId));

    /// <summary>As a record of a recording.</summary>
    public byte[] ToBytes()
    {
        byte[] program = Cut(Program);
        byte[] user = Cut(User);
        byte[] bytes = new byte[(2 * sizeof(uint)) + WatchWire.Padded(program.Length) + WatchWire.Padded(user.Length)];
        Span<byte> rest = bytes;
        WatchWire.Write(ref rest, new Lengths((uint)program.Length, (uint)user.Length));
        WatchWire.Write(ref rest, program);
        WatchWire.Write(ref rest, user);
        return bytes;
    }

    /// <summary>Reads it from a record; null if it makes no sense.</summary>
    public static KsockProgram? Read(ReadOnlySpan<byte> bytes) =>
        WatchWire.TryRead(ref bytes, out Lengths lengths)
            && WatchWire.TryRead(ref bytes, lengths.Program, out ReadOnlySpan<byte> program)
            && WatchWire.TryRead(ref bytes, lengths.User, out ReadOnlySpan<byte> user)
            ? new KsockProgram(Encoding.UTF8.GetString(program), Encoding.UTF8.GetString(user))
            : null;

    private static byte[] Cut(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        return bytes[..Math.Min(bytes.Length, MostText)];
    }

    private static string NameOf(int processId)
    {
        try
        {
            return File.ReadAllText($"/proc/{processId.ToString(CultureInfo.InvariantCulture)}/comm").TrimEnd('\n');
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    private readonly record struct Lengths(uint Program, uint User);
}
