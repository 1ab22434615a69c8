using Kbus.Core;
using Kbus.Linux;

namespace Kbus.Daemon;

/// <summary>What processes hold of the daemon itself: Ksocks, on all its buses together, and buses that they made.</summary>
/// <param name="ksocks">How many Ksocks there may be in all.</param>
/// <remarks>What they hold on one bus is charged by that bus (<see cref="Bus.Charges"/>). Any thread may call. No thread waits while it holds the lock.</remarks>
internal sealed class DaemonShares(long ksocks)
{
    // Descriptors for the daemon's own use: listening sockets, epoll sets, payload areas, and connections before their hello.
    private const long KeptDescriptors = 256;

    // Each of a link's rings is mapped twice in a row; neighbours share a mapping.
    private const long MappingsOfKsock = 4;

    // A process may always have so many, as long as any is left.
    private const long KsocksOfEach = 4;

    // As many as a page of a bus's charges has.
    private const int MostOfPage = 100;

    private readonly Lock _lock = new();
    private readonly ChargeBook _book = new(Amounts(ksocks, Daemon.MostBuses), Amounts(KsocksOfEach, 1));
    private readonly KsockShares _open = new();

    // No more than there can be buses. They may have no Ksock any more.
    private readonly HashSet<UserCharges> _usersWithBuses = [];

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
            if (share is not null)
            {
                _open.Add(share);
            }
            else
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
            if (mayHave)
            {
                _usersWithBuses.Add(share.Process.User);
            }

            return mayHave;
        }
    }

    /// <summary>The bus that a user was charged for could not be made.</summary>
    public void ReturnBus(KsockShare share)
    {
        lock (_lock)
        {
            _book.Release(share.Process, ChargeKind.Buses, 1);
            if (!share.Process.User.HoldsForGood)
            {
                _usersWithBuses.Remove(share.Process.User);
            }
        }
    }

    /// <summary>A Ksock has closed.</summary>
    public void Leave(KsockShare share)
    {
        lock (_lock)
        {
            _open.Remove(share);
            _book.Release(share.Process, ChargeKind.Ksocks, 1);
            _book.Leave(share.Process);
        }
    }

    /// <summary>Takes down who holds how much, a bounded part at a time: a bus's thread may wait for the lock.</summary>
    /// <param name="place">Where the report has got to. It must be read to its end.</param>
    /// <param name="table">Takes the limits and totals, and users and processes that have not come up before.</param>
    /// <returns>False if nothing comes after it.</returns>
    public bool ReadNext(ChargesPlace<KsockShare> place, ChargesTable table)
    {
        lock (_lock)
        {
            if (!place.IsEntered)
            {
                BeginReading(place, table);
            }

            for (int looks = 0; looks < MostOfPage; looks++)
            {
                if (!place.TryNext(out ProcessCharges? process, out UserCharges? user))
                {
                    return false;
                }

                if (process is not null)
                {
                    table.AddProcess(ChargesRow.Of(_book, process, table.Kinds));
                }

                if (user is not null)
                {
                    table.AddUser(ChargesRow.Of(_book, user, table.Kinds));
                }
            }

            return true;
        }
    }

    /// <summary>Reads the whole book while no other thread changes it. A bus waits meanwhile, so this is for tests.</summary>
    public void Read(Action<ChargeBook> read)
    {
        lock (_lock)
        {
            read(_book);
        }
    }

    private void BeginReading(ChargesPlace<KsockShare> place, ChargesTable table)
    {
        place.Enter(_open);
        foreach (ChargeKind kind in table.Kinds)
        {
            table.Limits[(int)kind] = _book.LimitOf(kind);
            table.Held[(int)kind] = _book.HeldOf(kind);
        }

        foreach (UserCharges user in _usersWithBuses)
        {
            table.AddUser(ChargesRow.Of(_book, user, table.Kinds));
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
