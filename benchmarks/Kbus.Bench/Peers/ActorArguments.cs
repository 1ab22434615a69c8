using System.Globalization;

namespace Kbus.Bench.Peers;

/// <summary>What an actor is told on its command line; the same as benchmarks/peers/peer.h reads.</summary>
/// <param name="role">Its role.</param>
/// <param name="address">The directory of kbusd's sockets.</param>
/// <param name="rest">The others, as <c>name=value</c>.</param>
internal sealed class ActorArguments(string role, string address, IReadOnlyList<string> rest)
{
    /// <summary>The role.</summary>
    public string Role => role;

    /// <summary>How long to measure.</summary>
    public long Milliseconds => Number("ms", 500);

    /// <summary>How long to run before that.</summary>
    public long WarmUp => Number("warm", 500);

    /// <summary>Bytes of data in each message.</summary>
    public int Size => (int)Number("size", 64);

    /// <summary>How many listeners there are.</summary>
    public int Listeners => (int)Number("listeners", 1);

    /// <summary>How far to be ahead of the slowest listener at most.</summary>
    public long Behind => Number("behind", 32768);

    /// <summary>Which listener this is.</summary>
    public int Index => (int)Number("index", 0);

    /// <summary>After how many messages a listener says how far it is.</summary>
    public long Credit => Number("credit", 8192);

    /// <summary>True if requests are made by Send and WaitForMessage.</summary>
    public bool ByWaiting => Number("by-waiting", 0) != 0;

    /// <summary>Microseconds from one Request to the next; 0: the next one begins at once.</summary>
    public long Pace => Number("pace", 0);

    /// <summary>A message name for this pair alone.</summary>
    public string OfPair(string name) => Number("pair", 0) is > 0 and var pair ? string.Create(CultureInfo.InvariantCulture, $"{name}{pair}") : name;

    /// <summary>The processes whose processor time is told, besides this one's.</summary>
    public int[] Processes => Text("cpu") is { } list ? [.. list.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(p => int.Parse(p, CultureInfo.InvariantCulture))] : [];

    /// <summary>The number of the bus.</summary>
    public uint Bus => (uint)Number("bus", 0);

    /// <summary>Opens a Ksock with a queue that has room for everything that credits allow.</summary>
    public Ksock Open()
    {
        Ksock ksock = Ksock.Open(Bus, options: new KsockOptions { RuntimeDirectory = address, StartDaemon = false });
        ksock.SetMaxMessages(uint.MaxValue);
        if (Size > 300_000)
        {
            ksock.SetMaxMessageSize(ksock.AbsoluteMaxMessageSize);
        }

        return ksock;
    }

    private long Number(string name, long otherwise) => Text(name) is { } number ? long.Parse(number, CultureInfo.InvariantCulture) : otherwise;

    private string? Text(string name) => rest.FirstOrDefault(a => a.StartsWith(name + "=", StringComparison.Ordinal))?[(name.Length + 1)..];
}
