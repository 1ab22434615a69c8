using System.Text;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Kbus.Cli.Tests;

/// <summary><c>kbus diagram</c>: who sent what to whom, drawn.</summary>
public sealed class DiagramTests
{
    // What a stranger would try: tags, entities, ends of attributes, of comments and of lines, steering of terminals, formulas, and
    // words of Mermaid.
    private const string Hostile = "<script>alert(1)</script>&lt;\"'>]]>--><!-- ;end\n%%{init}%% $$x$$ \u202e\u0007\uffff#35;";

    private static readonly XNamespace Svg = "http://www.w3.org/2000/svg";

    [Fact]
    public Task A_diagram_has_programs_messages_answers_refusals_and_ends() => Limited.Run(() =>
    {
        using var bus = new PrivateBus();
        string file = Record(bus, Talk);
        Ended drawn = bus.Run("diagram", file, "--kind", "announcement,request,reply,status,close", "--with-data");
        Assert.Equal((0, ""), (drawn.Code, drawn.Errors));
        XElement svg = XDocument.Parse(drawn.Output).Root!;
        string[] texts = [.. svg.Descendants(Svg + "text").Select(t => t.Value)];
        Assert.Equal(4, texts.Count(t => Regex.IsMatch(t, @"^\S+\[[123]\]$") || t == "bus"));
        Assert.Contains("0.000000", texts);
        Assert.Contains("$.Ask [0:1] 'hello'", texts);
        Assert.Contains(texts, t => Regex.IsMatch(t, @"^\$\.Ask \[0:2\] 'yes' after [0-9.]+ (µs|Âµs|ms|s)$"));
        Assert.Contains("$.Nobody [0:3], refused: EADDRNOTAVAIL", texts);
        Assert.Contains("$.Note [0:4], to nobody", texts);
        Assert.Contains("closes", texts);
        Assert.Equal(1, svg.Descendants(Svg + "path").Count(p => p.Attribute("class")!.Value == "Request"));
        Assert.Equal(1, svg.Descendants(Svg + "path").Count(p => p.Attribute("class")!.Value == "Reply"));

        // All of it is within the picture.
        int width = (int)svg.Attribute("width")!;
        Assert.All(svg.Descendants(Svg + "text"), t => Assert.InRange((int)t.Attribute("x")! + (IsCentred(t) ? 0 : t.Value.Length * 7), 0, width));
        Assert.All(svg.Descendants(Svg + "text"), t => Assert.InRange((int)t.Attribute("y")!, 0, (int)svg.Attribute("height")!));
    });

    [Fact]
    public Task In_the_language_of_Mermaid_each_copy_is_an_arrow() => Limited.Run(() =>
    {
        using var bus = new PrivateBus();
        string file = Record(bus, Talk);
        Ended drawn = bus.Run("diagram", file, "--mermaid", "--kind", "request,reply,announcement");
        string[] lines = [.. drawn.Lines.Select(l => Regex.Replace(l, @"after .*|as \S+?\[|as [^b\[]*\[", "..."))];
        string[] expected =
        [
            "sequenceDiagram",
            "    participant k0 ...3]",
            "    participant k1 ...1]",
            "    participant k2 ...2]",
            "    participant k3 as bus",
            "    k0->>k1: $.Ask [0:1]",
            "    k0-)k2: $.Ask [0:1]",
            "    k1-->>k0: $.Ask [0:2] ...",
            "    k1-)k2: $.Ask [0:2] ...",
            "    k0-xk3: $.Nobody [0:3], refused: EADDRNOTAVAIL",
            "    k0-)k3: $.Note [0:4], to nobody",
        ];
        Assert.Equal(expected, lines);
        Assert.Equal(4, bus.Run("diagram", file, "$.Note", "--mermaid", "--kind", "announcement").Lines.Length);
    });

    [Fact]
    public Task Hostile_contents_are_nothing_but_text() => Limited.Run(() =>
    {
        using var bus = new PrivateBus();
        string file = Record(bus, (replier, asker) =>
        {
            // All bytes, in pieces that are shown whole, and what somebody has thought of.
            byte[] all = [.. Enumerable.Range(0, 256).Select(b => (byte)b)];
            byte[][] contents = [.. all.Chunk(16), .. Encoding.UTF8.GetBytes(Hostile).Chunk(8)];
            Array.ForEach(contents, c => asker.Send(new Announcement("$.Note", c)));
        });
        string drawn = bus.Run("diagram", file, "--with-data", "--kind", "announcement").Output;
        XElement svg = XDocument.Parse(drawn).Root!;
        string[] elements = ["svg", "title", "style", "path", "rect", "text", "g", "circle"];
        string[] attributes = ["role", "width", "height", "viewBox", "class", "d", "x", "y", "rx", "cx", "cy", "r", "text-anchor", "xmlns"];
        Assert.Empty(svg.DescendantsAndSelf().Where(e => e.Name.Namespace != Svg || !elements.Contains(e.Name.LocalName)));
        Assert.Empty(svg.DescendantsAndSelf().Attributes().Where(a => !attributes.Contains(a.Name.LocalName)));
        Assert.Contains(svg.Descendants(Svg + "text"), t => t.Value.Contains("<script>", StringComparison.Ordinal));
        Assert.Equal(1, drawn.Split("<style>").Length - 1);

        string[] lines = bus.Run("diagram", file, "--with-data", "--kind", "announcement", "--mermaid").Lines;
        const string line = @"^    (participant k\d+ as |k\d+-\)k\d+: |Note over k\d+: )([A-Za-z0-9 .,_/()=:'\[\]-]|\$\.|#\d+;)*$";
        Assert.All(lines.Skip(1), l => Assert.Matches(line, l));
    });

    [Theory]
    [InlineData("<&>\"'", "&lt;&amp;&gt;&quot;&#39;", "#60;#38;#62;#34;'")]
    [InlineData("a\nb\0\u202e\ufffe\uffff", "a\\x0ab\\x00\\u202e\\ufffe\\uffff", "a#92;x0ab#92;x00#92;u202e#65534;#65535;")]
    [InlineData("\U0001F41F", "\U0001F41F", "#128031;")]
    [InlineData("$.A.$$ #;%%", "$.A.$$ #;%%", "$.A.#36;#36; #35;#59;#37;#37;")]
    public void What_could_mean_something_is_written_so_that_it_does_not(string text, string svg, string mermaid)
    {
        Assert.Equal(svg, SvgDiagram.Escape(text));
        Assert.Equal(mermaid, MermaidDiagram.Escape(text));
        Assert.Equal(XElement.Parse($"<t>{svg}</t>").Value, XElement.Parse($"<t a=\"{svg}\"/>").Attribute("a")!.Value);
    }

    [Fact]
    public void Half_of_a_character_is_shown_by_its_number()
    {
        Assert.Equal("\\ud83d", SvgDiagram.Escape("\ud83d"));
        Assert.Equal("#92;ud83d", MermaidDiagram.Escape("\ud83d"));
    }

    [Fact]
    public Task A_long_recording_is_drawn_up_to_a_number_of_events_and_says_so() => Limited.Run(() =>
    {
        using var bus = new PrivateBus();
        string file = Record(bus, (replier, asker) =>
        {
            for (int i = 0; i < 250; i++)
            {
                asker.Send(new Announcement("$.Tick"));
            }
        });
        Ended drawn = bus.Run("diagram", file, "$.Tick");
        const string note = "kbus: the diagram has the first 200 events. Choose others by names and options, or more of them by -n.\n";
        Assert.Equal((0, note), (drawn.Code, drawn.Errors));
        Assert.Equal(200, XDocument.Parse(drawn.Output).Descendants(Svg + "g").Count());
        Assert.Equal(250, XDocument.Parse(bus.Run("diagram", file, "$.Tick", "-n", "1000").Output).Descendants(Svg + "g").Count());
        string[] three = bus.Run("diagram", file, "$.Tick", "-n", "3", "--mermaid").Lines;
        Assert.Equal(3, three.Count(l => l.Contains("$.Tick", StringComparison.Ordinal)));
    });

    private static bool IsCentred(XElement text) => text.Attribute("text-anchor") is not null;

    private static void Talk(Ksock replier, Ksock asker)
    {
        MessageId id = asker.Send(new Request("$.Ask", "hello"));
        _ = replier.ReadNextMessage();
        replier.Send(new Reply("$.Ask", id, "yes") { To = asker.Id });
        Assert.Throws<KbusException>(() => asker.Send(new Request("$.Nobody")));
        asker.Send(new Announcement("$.Note"));
    }

    /// <summary>Records what a replier, which is Ksock 1, and an asker, which is Ksock 3, do while Ksock 2 listens.</summary>
    private static string Record(PrivateBus bus, Action<Ksock, Ksock> act)
    {
        string file = Path.Join(bus.Directory, "trace");
        using Program recorder = bus.Start("record", file);
        Assert.Equal($"kbus: recording bus 0 to {file}.", recorder.Note());
        using BusWatcher watcher = BusWatcher.Open(0, new BusWatcherOptions { RuntimeDirectory = bus.Directory });
        using Ksock replier = bus.Open();
        replier.Bind("$.Ask", replier: true);
        using Ksock listener = bus.Open();
        listener.Bind("$.Ask");
        using Ksock asker = bus.Open();
        act(replier, asker);
        asker.Dispose();
        while (watcher.Next() is not KsockClosedEvent)
        {
        }

        recorder.Signal("TERM");
        Assert.Equal(143, recorder.End().Code);
        return file;
    }
}
