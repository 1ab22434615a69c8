using System.Text.RegularExpressions;

namespace Kbus.Cli.Tests;

/// <summary>The examples in docs/limpets.md, as they stand there.</summary>
public sealed partial class LimpetDocumentTests
{
    /// <summary>The first run of a program compiles it.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    private static readonly string Document = Checkout.Text("docs/limpets.md");

    [Fact]
    public Task The_lines_for_a_shell_work_when_pasted() => Limited.Run(Limit, () =>
    {
        using var bus = new PrivateBus("--buses", "2");
        string[] blocks = [.. Blocks("sh")];
        Assert.Equal(2, blocks.Length);
        Ended linked = Type(bus, blocks[0] + "wait\n");
        Assert.Equal((0, ""), (linked.Code, Regex.Replace(linked.Errors, "^kbus: listening .*\n", "")));
        Assert.Contains(Blocks("").ElementAt(1).Trim(), linked.Lines);
        Ended made = Type(bus, blocks[1]);
        Assert.Matches("^[0-9a-f]{64}$", Assert.Single(made.Lines));
    });

    [Fact]
    public Task The_program_works_when_pasted() => Limited.Run(Limit, () =>
    {
        using var bus = new PrivateBus();
        string program = Path.Join(bus.Directory, "laser.cs");
        File.WriteAllText(program, $"#:project {Path.Join(Checkout.Root, "src/Kbus.Limpet/Kbus.Limpet.csproj")}\n{Assert.Single(Blocks("csharp"))}");
        using Program run = Program.Start("dotnet", bus.Environment, "run", program);
        Ended ended = run.End();
        Assert.Equal("", ended.Errors);
        string[] after = Document[Document.IndexOf("```csharp", StringComparison.Ordinal)..].Split("```\n");
        Assert.Equal(after[2], ended.Output);
    });

    private static Ended Type(PrivateBus bus, string lines)
    {
        string bin = Path.Join(bus.Directory, "bin");
        Directory.CreateDirectory(bin);
        File.Delete(Path.Join(bin, "kbus"));
        File.CreateSymbolicLink(Path.Join(bin, "kbus"), Program.Kbus);
        using Program shell = Program.Start(
            "/bin/bash",
            new Dictionary<string, string?>(bus.Environment) { ["PATH"] = $"{bin}:{Environment.GetEnvironmentVariable("PATH")}" },
            "-c", $"cd '{bus.Directory}'\n{lines}");
        return shell.End();
    }

    private static IEnumerable<string> Blocks(string language) =>
        Block().Matches(Document).Where(b => b.Groups["language"].Value == language).Select(b => b.Groups["text"].Value);

    [GeneratedRegex("^```(?<language>[a-z]*)\n(?<text>.*?)^```\n", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Block();
}
