using System.Text.RegularExpressions;

namespace Kbus.Cli.Tests;

/// <summary>Help, documents, manual pages and completions say what the command does.</summary>
public sealed partial class DocumentTests
{
    public static TheoryData<string> VerbNames => [.. Verbs.Shown.Select(v => v.Name)];

    [Theory]
    [MemberData(nameof(VerbNames))]
    public void The_help_of_a_verb_ends_with_three_examples_that_can_be_read(string name)
    {
        List<string> help = HelpText.Of(Verbs.Find(name)!);
        Assert.Equal("examples:", help[^4]);
        foreach (string example in help[^3..])
        {
            Match command = ExampleCommand().Match(example);
            Assert.True(command.Success, example);
            string[] words = [.. Word().Matches(command.Groups["arguments"].Value).Select(w => w.Groups["quoted"].Success ? w.Groups["quoted"].Value : w.Value)];
            Assert.Equal(name, ArgumentReader.Read(words).Verb!.Name);
        }
    }

    [Theory]
    [MemberData(nameof(VerbNames))]
    public void The_help_fits_a_terminal(string name)
    {
        foreach (int width in (int[])[40, 59, 60, 80, 200])
        {
            // Command lines are there to be copied, so they are not broken.
            List<string> verb = HelpText.Of(Verbs.Find(name)!, width);
            IEnumerable<string> lines = verb.TakeWhile(l => l != "examples:").Where(l => !l.StartsWith("usage:", StringComparison.Ordinal)).Concat(HelpText.OfAll(width));
            Assert.Empty(lines.Where(l => l.Length > Math.Min(width, 100)));
        }
    }

    [Fact]
    public Task The_help_is_as_wide_as_the_user_says() => Limited.Run(() =>
    {
        var narrow = new Dictionary<string, string?> { ["COLUMNS"] = "44" };
        using Program help = Program.Start(Program.Kbus, narrow, "help");
        Assert.InRange(help.End().Lines.Max(l => l.Length), 30, 44);
        using Program usual = Program.Start(Program.Kbus, new Dictionary<string, string?> { ["COLUMNS"] = null }, "listen", "--help");
        Assert.InRange(usual.End().Lines.Max(l => l.Length), 60, 80);
    });

    [Fact]
    public void The_document_and_the_manual_page_have_every_verb_and_every_option()
    {
        string document = Checkout.Text("docs/commands.md");
        string manual = Checkout.Text("packaging/man/kbus.1");
        Assert.Empty(Verbs.Shown.Where(v => !document.Contains($"| `kbus {v.Name}", StringComparison.Ordinal)).Select(v => v.Name));
        Assert.Empty(Verbs.Shown.Where(v => !manual.Contains($".It Cm {v.Name}\n", StringComparison.Ordinal)).Select(v => v.Name));
        IEnumerable<Option> options = Options.All.Where(o => !o.IsHidden);
        Assert.Empty(options.Where(o => !document.Contains($"`{HelpText.Written(o).Trim().Replace(", ", "`, `", StringComparison.Ordinal)}`", StringComparison.Ordinal)));
        Assert.Empty(options.Where(o => !Regex.IsMatch(manual, $@"^\.It {(o.Letter is { } l ? $"Fl {l} , " : "")}Fl Fl {o.Name}( Ar |$)", RegexOptions.Multiline)));
    }

    [Fact]
    public void The_document_says_which_verb_has_which_option()
    {
        // A table row without an option continues the one above it.
        var documented = new List<(string Option, string Verb)>();
        string option = "";
        foreach (Match row in OptionRow().Matches(Checkout.Text("docs/commands.md")))
        {
            Match named = LongName().Match(row.Groups["option"].Value);
            option = named.Success ? named.Groups["name"].Value : option;
            string with = row.Groups["with"].Value.Trim();
            string[] verbs = with switch
            {
                "these five" => ["send", "call", "reply", "listen", "status"],
                "all" or "no verb" => [],
                _ => with.Split(", "),
            };
            documented.AddRange(verbs.Select(v => (option, v)));
        }

        IEnumerable<(string, string)> actual = Verbs.Shown.SelectMany(v => v.Options.Where(o => !o.IsHidden).Select(o => (o.Name, v.Name)));
        Assert.Equal(actual.Order(), documented.Order());
    }

    [Fact]
    public Task The_manual_page_of_the_daemon_has_every_option_of_the_daemon() => Limited.Run(() =>
    {
        using Program daemon = Program.Start(Program.Kbusd, new Dictionary<string, string?>(), "--help");
        string help = daemon.End().Output;
        string[] options = [.. DaemonOption().Matches(help).Select(m => m.Groups["name"].Value).Distinct().Order()];
        string manual = Checkout.Text("packaging/man/kbusd.8");
        Assert.Equal(options, ManualOption().Matches(manual).Select(m => m.Groups["name"].Value).Order());
    });

    [Fact]
    public Task The_sample_configuration_is_one_that_the_daemon_takes() => Limited.Run(() =>
    {
        using var bus = new PrivateBus("--config", Path.Join(Checkout.Root, "packaging/config/kbusd.json"));
        Assert.Equal(0, bus.Run("status").Code);
    });

    [Theory]
    [InlineData("bash", "kbus.bash")]
    [InlineData("zsh", "_kbus")]
    [InlineData("fish", "kbus.fish")]
    public void The_shipped_completions_are_what_the_command_prints(string shell, string file) =>
        Assert.Equal(ShellCompletion.For(shell) + "\n", Checkout.Text("packaging/completions/" + file));

    [GeneratedRegex(@"(^|\s|\()kbus (?<arguments>[^|>)]*)")]
    private static partial Regex ExampleCommand();

    [GeneratedRegex(@"'(?<quoted>[^']*)'|[^\s'""]+")]
    private static partial Regex Word();

    [GeneratedRegex(@"^\| (?<option>(`-[^|]*)?) ?\| (?<with>[a-z, ]+) \| ", RegexOptions.Multiline)]
    private static partial Regex OptionRow();

    [GeneratedRegex("--(?<name>[a-z-]+)")]
    private static partial Regex LongName();

    [GeneratedRegex("^  --(?<name>[a-z-]+)|, --(?<name>help)", RegexOptions.Multiline)]
    private static partial Regex DaemonOption();

    [GeneratedRegex(@"^\.It Fl Fl (?<name>[a-z-]+)", RegexOptions.Multiline)]
    private static partial Regex ManualOption();
}
