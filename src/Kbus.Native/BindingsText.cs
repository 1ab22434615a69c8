using System.Globalization;
using System.Text;
using System.Text.Json;
using Kbus.Hosts;

namespace Kbus.Native;

/// <summary>The bindings of all buses in the original's words. Source: spec section 9.1.</summary>
internal static class BindingsText
{
    private const string Comment = "# <device> is bound to <Ksock-ID> in <process-PID> as <Replier|Listener> for <message-name>\n";

    /// <summary>Asks the daemon, and writes it down: for each bus the comment and its bindings, newest first.</summary>
    /// <exception cref="KbusException">No daemon answers.</exception>
    public static string Read() => Write(StatusQuestion.Ask());

    /// <summary>Writes down what a status document says.</summary>
    internal static string Write(ReadOnlyMemory<byte> document)
    {
        var text = new StringBuilder();
        using JsonDocument status = JsonDocument.Parse(document);
        foreach (JsonElement bus in status.RootElement.GetProperty("buses").EnumerateArray())
        {
            text.Append(Comment);
            foreach ((_, string line) in Lines(bus).OrderByDescending(l => l.Order))
            {
                text.Append(line);
            }
        }

        return text.ToString();
    }

    private static IEnumerable<(ulong Order, string Line)> Lines(JsonElement bus)
    {
        uint number = bus.GetProperty("bus").GetUInt32();
        foreach (JsonElement ksock in bus.GetProperty("ksocks").EnumerateArray())
        {
            uint id = ksock.GetProperty("id").GetUInt32();
            long process = ksock.GetProperty("pid").GetInt64();
            foreach (JsonElement binding in ksock.GetProperty("bindings").EnumerateArray())
            {
                char role = binding.GetProperty("replier").GetBoolean() ? 'R' : 'L';
                string line = string.Create(
                    CultureInfo.InvariantCulture, $"{number,3}: {id,8} {process,8}  {role}  {binding.GetProperty("name").GetString()}\n");
                yield return (binding.GetProperty("order").GetUInt64(), line);
            }
        }
    }
}
