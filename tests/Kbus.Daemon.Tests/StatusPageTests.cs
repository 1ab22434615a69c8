using System.Collections.Concurrent;
using System.Globalization;
using System.Text;

namespace Kbus.Daemon.Tests;

/// <summary>Reports in pages: each page is bounded, whatever is on the bus, and what changes between two pages spoils nothing.</summary>
public sealed class StatusPageTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("kbus-").FullName;
    private readonly BlockingCollection<ReportPiece> _filled = [];
    private readonly Daemon _daemon;
    private readonly StatusPage _page;

    public StatusPageTests()
    {
        _daemon = Daemon.Start(new DaemonOptions { RuntimeDirectory = _directory }, Log.Silent, new StopRequest());
        _page = new StatusPage(_filled.Add);
    }

    public void Dispose()
    {
        _daemon.Dispose();
        _filled.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public Task A_page_is_bounded_however_much_is_bound_and_owed() => Limited.Run(() =>
    {
        using Ksock ksock = Open();
        ksock.SetMaxMessages(10_000);
        for (int i = 0; i < 1000; i++)
        {
            ksock.Bind(string.Create(CultureInfo.InvariantCulture, $"$.{new string('n', 990)}{i}"), replier: i % 2 == 0);
        }

        ksock.Bind("$.Q", replier: true);
        for (int i = 0; i < 1000; i++)
        {
            ksock.Send(new Request("$.Q"));
        }

        var place = new ReportPlace();
        List<string> told = [];
        int pages = 0;
        do
        {
            Fill(place);
            pages++;
            Assert.InRange(_page.Entries.Length, 1, StatusPage.MostEntries);
            Assert.InRange(NameBytes(), 0, StatusPage.MostNameBytes);
            told.AddRange(Told());
        }
        while (!_page.IsLast);
        Assert.Equal(2003, told.Count);
        Assert.Equal("name $.Q", told[^1]);
        Assert.Equal(1001, told.Count(t => t.StartsWith("binding", StringComparison.Ordinal)));
        Assert.Equal(1000, told.Count(t => t.StartsWith("owed", StringComparison.Ordinal)));
        Assert.InRange(pages, 1000 * 990 / StatusPage.MostNameBytes, 100);
    });

    [Fact]
    public Task What_is_looked_at_and_not_told_of_makes_no_page_longer() => Limited.Run(() =>
    {
        using Ksock replier = Open();
        using Ksock sender = Open();
        replier.SetMaxMessages(100_000);
        sender.SetMaxMessages(100_000);
        replier.Bind("$.Q", replier: true);

        // Answered before they are read: such Requests are remembered by their sender, and owed by nobody.
        List<MessageId> asked = [.. Enumerable.Range(0, 5000).Select(_ => sender.Send(new Request("$.Q")))];
        foreach (MessageId id in asked)
        {
            replier.Send(new Reply("$.Q", id) { To = sender.Id });
        }

        var place = new ReportPlace();
        int pages = 0;
        int owed = 0;
        do
        {
            Fill(place);
            pages++;
            owed += Told().Count(t => t.StartsWith("owed", StringComparison.Ordinal));
        }
        while (!_page.IsLast);
        Assert.Equal(0, owed);
        Assert.InRange(pages, 5, 20);
    });

    [Fact]
    public Task A_Ksock_that_has_gone_is_absent_and_one_that_goes_while_it_is_told_of_is_said_to_have_closed() => Limited.Run(() =>
    {
        using Ksock first = Open();
        Ksock second = Open();
        using Ksock third = Open();
        for (int i = 0; i < 50; i++)
        {
            first.Bind("$.First");
        }

        for (int i = 0; i < 200; i++)
        {
            second.Bind("$.Second");
        }

        third.Bind("$.Third");
        var place = new ReportPlace();
        Fill(place);
        List<string> told = [.. Told()];
        Assert.Equal("ksock 1", told[0]);
        Assert.Equal("ksock 2", told[51]);
        second.Dispose();
        using Ksock fourth = Open();
        Fill(place);
        Assert.True(_page.IsLast);

        // The fourth was not there when the report began.
        Assert.Equal(["closed", "ksock 3", "binding $.Third"], Told());

        place = new ReportPlace();
        Fill(place);
        Assert.Equal(["ksock 1", .. Enumerable.Repeat("binding $.First", 50), "ksock 3", "binding $.Third", "ksock 4"], Told());
    });

    [Fact]
    public Task What_is_bound_and_unbound_between_two_pages_leaves_the_others_told_of_once_and_in_order() => Limited.Run(() =>
    {
        using Ksock ksock = Open();
        for (int i = 0; i < 250; i++)
        {
            ksock.Bind(Name(i));
        }

        var place = new ReportPlace();
        Fill(place);
        List<string> told = [.. Told()];

        // The next one to be told of goes, one far behind, and one that has been told of; and there are new ones.
        int next = 250 - (told.Count - 1) - 1;
        foreach (int i in new[] { next, next - 1, 10, 249 })
        {
            ksock.Unbind(Name(i));
        }

        ksock.Bind("$.New");
        while (!_page.IsLast)
        {
            Fill(place);
            told.AddRange(Told());
        }

        IEnumerable<int> expected = Enumerable.Range(0, 250).Reverse().Where(i => i != next && i != next - 1 && i != 10);
        Assert.Equal(["ksock 1", .. expected.Select(i => $"binding {Name(i)}")], told);
    });

    [Fact]
    public Task A_report_ends_though_Ksocks_are_opened_all_the_time() => Limited.Run(() =>
    {
        List<Ksock> ksocks = [.. Enumerable.Range(0, 150).Select(_ => Open())];
        var place = new ReportPlace();
        int told = 0;
        do
        {
            Fill(place);
            told += _page.Entries.Length;
            ksocks.AddRange(Enumerable.Range(0, 100).Select(_ => Open()));
        }
        while (!_page.IsLast);
        Assert.Equal(150, told);
        ksocks.ForEach(k => k.Dispose());
    });

    [Fact]
    public Task A_report_that_is_given_up_is_forgotten_by_the_bus() => Limited.Run(() =>
    {
        using Ksock ksock = Open();
        for (int i = 0; i < 200; i++)
        {
            ksock.Bind("$.Many");
        }

        var place = new ReportPlace();
        Fill(place);
        Assert.Equal((1, 1), Readers());
        Assert.True(_daemon.FindBus(0)!.Post(new PlaceRelease(place)));
        Assert.Equal((0, 0), Readers());

        place = new ReportPlace();
        do
        {
            Fill(place);
        }
        while (!_page.IsLast);
        Assert.Equal((0, 0), Readers());
    });

    [Fact]
    public Task A_bus_that_has_ended_gives_its_page_back_at_once() => Limited.Run(() =>
    {
        BusThread bus = _daemon.FindBus(0)!;
        bus.Stop();
        _page.Place = new ReportPlace();
        Assert.False(bus.Post(_page));
        Assert.True(_filled.Take().IsAbandoned);
        Assert.Equal(0, _page.Entries.Length);
    });

    private static string Name(int number) => string.Create(CultureInfo.InvariantCulture, $"$.Name.{number}");

    /// <summary>How many readers stand in the list of Ksocks, and in the bindings of Ksock 1, as the bus's own thread sees it.</summary>
    private (int Ksocks, int Bindings) Readers()
    {
        using var look = new Look();
        Assert.True(_daemon.FindBus(0)!.Post(look));
        return look.Take();
    }

    private void Fill(ReportPlace place)
    {
        _page.Place = place;
        Assert.True(_daemon.FindBus(0)!.Post(_page));
        Assert.Same(_page, _filled.Take());
        Assert.False(_page.IsAbandoned);
    }

    private int NameBytes()
    {
        int bytes = 0;
        foreach (ref readonly PageEntry entry in _page.Entries)
        {
            bytes += entry.Kind == PageEntryKind.Binding ? entry.Length : 0;
        }

        return bytes;
    }

    private List<string> Told()
    {
        List<string> told = [];
        foreach (ref readonly PageEntry entry in _page.Entries)
        {
            told.Add(entry.Kind switch
            {
                PageEntryKind.Ksock => $"ksock {_page.Ksock(entry).Id}",
                PageEntryKind.Binding => $"binding {Encoding.ASCII.GetString(_page.Name(entry))}",
                PageEntryKind.Owed => $"owed {entry.Request} by {entry.Replier}",
                PageEntryKind.Name => $"name {Encoding.ASCII.GetString(_page.Name(entry))}",
                _ => "closed",
            });
        }

        return told;
    }

    private Ksock Open() => Ksock.Open(0, KsockMode.ReadWrite, new KsockOptions { RuntimeDirectory = _directory, StartDaemon = false, OpenTimeout = TimeSpan.FromMinutes(3) });

    private sealed class Look : BusWork, IDisposable
    {
        private readonly BlockingCollection<(int, int)> _seen = [];

        public (int Ksocks, int Bindings) Take() => _seen.Take();

        public override void CarryOut(BusThread bus) => _seen.Add((bus.Bus.KsocksByAge.Readers, bus.Bus.FindKsock(1)!.Bindings.Readers));

        public override void Abandon() => _seen.Add((-1, -1));

        public void Dispose() => _seen.Dispose();
    }
}
