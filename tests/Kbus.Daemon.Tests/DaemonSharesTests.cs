using Kbus.Core;

namespace Kbus.Daemon.Tests;

/// <summary>What is held of the daemon itself is reported in bounded parts, since a bus's thread may wait for the lock.</summary>
public sealed class DaemonSharesTests
{
    private const int MostOfPage = 100;

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(int.MaxValue)]
    public void A_part_is_bounded_however_many_Ksocks_processes_and_users_there_are(int ksocksOfProcess)
    {
        for (int count = 10; count <= 100_000; count *= 10)
        {
            var shares = new DaemonShares(long.MaxValue / 8);
            List<KsockShare> open = [.. Enumerable.Range(0, count).Select(i => Open(shares, (uint)(i / 50), (ulong)(i / ksocksOfProcess)))];
            ChargesTable table = NewTable();
            var place = new ChargesPlace<KsockShare>(s => s.Process);
            int parts = 0;
            bool goesOn = true;
            while (goesOn)
            {
                int before = table.ProcessesInAll;
                goesOn = shares.ReadNext(place, table);
                parts++;
                Assert.InRange(table.ProcessesInAll - before, 0, MostOfPage);
            }

            // Each part goes through so many Ksocks, and finds every process once.
            Assert.InRange(parts, count / MostOfPage, (count / MostOfPage) + 1);
            Assert.Equal(open.Select(s => s.Process).Distinct().Count(), table.ProcessesInAll);
            Assert.Equal(open.Select(s => s.Process.User).Distinct().Count(), table.UsersInAll);
            Assert.Equal(count, table.Held[(int)ChargeKind.Ksocks]);
        }
    }

    [Fact]
    public void What_opens_and_closes_between_two_parts_spoils_nothing()
    {
        var random = new Random(7);
        for (int round = 0; round < 200; round++)
        {
            var shares = new DaemonShares(long.MaxValue / 8);
            ulong next = 0;
            List<KsockShare> open = [.. Enumerable.Range(0, 350).Select(_ => Open(shares, 1, next++))];
            HashSet<ProcessCharges> stays = [.. open.Select(s => s.Process)];
            ChargesTable table = NewTable();
            var place = new ChargesPlace<KsockShare>(s => s.Process);
            int opened = 0;
            while (shares.ReadNext(place, table))
            {
                for (int i = 0; i < 60; i++)
                {
                    int which = random.Next(open.Count);
                    stays.Remove(open[which].Process);
                    open[which].Dispose();
                    open.RemoveAt(which);
                    opened++;
                    open.Add(Open(shares, 1, next++));
                }
            }

            Assert.InRange(table.ProcessesInAll, stays.Count, stays.Count + opened);
            Assert.InRange(table.ProcessesInAll, 0, 350);
        }
    }

    [Fact]
    public void A_user_who_made_a_bus_and_has_gone_is_in_the_report_and_nobody_whose_bus_could_not_be_made()
    {
        var shares = new DaemonShares(1000);
        KsockShare maker = Open(shares, 1, 1);
        KsockShare other = Open(shares, 2, 2);
        Assert.True(shares.TryTakeBus(maker, out _));
        Assert.True(shares.TryTakeBus(other, out _));
        shares.ReturnBus(other);
        maker.Dispose();
        other.Dispose();
        ChargesTable table = NewTable();
        Assert.False(shares.ReadNext(new ChargesPlace<KsockShare>(s => s.Process), table));
        ChargesRow row = Assert.Single(table.Users);
        Assert.Equal((1u, 1L), (row.UserId, row.Held[(int)ChargeKind.Buses]));
        Assert.Equal(0, table.ProcessesInAll);
    }

    private static ChargesTable NewTable() => new(ChargesRow.OfDaemon);

    private static KsockShare Open(DaemonShares shares, uint user, ulong process)
    {
        Assert.True(shares.TryOpen(new KsockOwner(0, user, KsockMode.Read, process), out KsockShare? share, out _));
        return share!;
    }
}
