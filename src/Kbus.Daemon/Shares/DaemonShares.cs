using Kbus.Core;
using Kbus.Link;

namespace Kbus.Daemon;

/// <summary>What processes hold of the daemon itself: Ksocks, on all its buses together, and buses that they made.</summary>
/// <param name="ksocks">How many Ksocks there may be in all.</param>
/// <remarks>What they hold on one bus is charged by that bus (<see cref="Bus.Charges"/>). Any thread may call. No thread waits while it holds the lock.</remarks>
internal sealed class DaemonShares(long ksocks)
{
    // Descriptors for the daemon's own use: listening sockets, epoll sets, payload areas, and connections before their hello.
    private const long KeptDescriptors = 256;

    // Each link is mapped twice in a row, and its bell's memory beside it.
    private const long MappingsOfKsock = 3;

    // A process may always have so many, as long as any is left.
    private const long KsocksOfEach = 4;

    private readonly Lock _lock = new();
    private readonly ChargeBook _book = new(Amounts(ksocks, Daemon.MostBuses), Amounts(KsocksOfEach, 1));

    /// <summary>The number of Ksocks that this process can serve, according to its limits of descriptors and mappings.</summary>
    public static long MostKsocks
    {
        get
        {
            long descriptors = LibC.OpenFileLimit(out ulong limit, out _) >= 0 ? (long)Math.Min(limit, int.MaxValue) : 1024;
            long mappings = long.TryParse(ReadMostMappings(), out long maps) ? maps : 65530;
            return Math.Max(KsocksOfEach, Math.Min(descriptors - Math.Min(KeptDescriptors, descriptors / 4), mappings / MappingsOfKsock));
        }
    }

    /// <summary>How many Ksocks there may be in all.</summary>
    public long Ksocks => ksocks;

    /// <summary>Lets a process have one more Ksock.</summary>
    /// <param name="owner">Whose it is to be.</param>
    /// <param name="share">Its share, to be disposed of with the Ksock.</param>
    /// <param name="refusal">Why not, if not.</param>
    public bool TryOpen(in KsockOwner owner, out KsockShare? share, out QuotaRefusal refusal)
    {
        lock (_lock)
        {
            ProcessCharges process = _book.Enter(owner);
            bool mayHave = _book.TryCharge(process, ChargeKind.Ksocks, 1);
            share = mayHave ? new KsockShare(this, process) : null;
            refusal = _book.Refusal;
            if (!mayHave)
            {
                _book.Leave(process);
            }

            return mayHave;
        }
    }

    /// <summary>Charges a user for a bus, which stays when the user's Ksocks have closed.</summary>
    public bool TryTakeBus(KsockShare share, out QuotaRefusal refusal)
    {
        lock (_lock)
        {
            bool mayHave = _book.TryCharge(share.Process, ChargeKind.Buses, 1);
            refusal = _book.Refusal;
            return mayHave;
        }
    }

    /// <summary>The bus that a user was charged for could not be made.</summary>
    public void ReturnBus(KsockShare share)
    {
        lock (_lock)
        {
            _book.Release(share.Process, ChargeKind.Buses, 1);
        }
    }

    /// <summary>A Ksock has closed.</summary>
    public void Leave(ProcessCharges process)
    {
        lock (_lock)
        {
            _book.Release(process, ChargeKind.Ksocks, 1);
            _book.Leave(process);
        }
    }

    /// <summary>Reads the book while no other thread changes it.</summary>
    public void Read(Action<ChargeBook> read)
    {
        lock (_lock)
        {
            read(_book);
        }
    }

    private static string ReadMostMappings()
    {
        try
        {
            return File.ReadAllText("/proc/sys/vm/max_map_count");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return string.Empty;
        }
    }

    private static ChargeAmounts Amounts(long ksocks, long buses)
    {
        ChargeAmounts amounts = default;
        amounts[(int)ChargeKind.Ksocks] = ksocks;
        amounts[(int)ChargeKind.Buses] = buses;
        return amounts;
    }
}
