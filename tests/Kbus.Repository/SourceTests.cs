using System.Text.RegularExpressions;

namespace Kbus.Repository;

/// <summary>The house style, as far as it can be checked by looking.</summary>
public sealed partial class SourceTests
{
    private const int MostLines = 500;

    private static readonly string[] EmptyWords = ["Manager", "Helper", "Util", "Utils", "Utility", "Info", "Impl", "Common", "Misc"];
    private static readonly string[] FoldersByKind =
        ["Classes", "Constants", "Enums", "Exceptions", "Extensions", "Interfaces", "Models", "Services", "Structs", "Types"];

    [Fact]
    public void No_hand_written_file_is_over_500_lines() =>
        Assert.Empty(Checkout.Files
            .Where(f => f.EndsWith(".cs", StringComparison.Ordinal) || f.EndsWith(".py", StringComparison.Ordinal)
                || f.EndsWith(".c", StringComparison.Ordinal) || f.EndsWith(".h", StringComparison.Ordinal)
                || f.EndsWith(".sh", StringComparison.Ordinal) || !f.Contains('.', StringComparison.Ordinal))
            .Where(f => !f.EndsWith(".g.cs", StringComparison.Ordinal))
            .Select(f => (File: f, Lines: Checkout.Lines(f).Length))
            .Where(f => f.Lines > MostLines));

    [Fact]
    public void No_type_has_an_empty_word_in_its_name() =>
        Assert.Empty(Declarations.Below("src/").Where(d => Word().Matches(d.Name).Any(w => EmptyWords.Contains(w.Value))));

    [Fact]
    public void A_folder_is_a_concept_and_not_a_kind() =>
        Assert.Empty(Checkout.CSharp("src/").Where(f => f.Split('/').SkipLast(1).Any(FoldersByKind.Concat(EmptyWords).Contains)));

    [Fact]
    public void Sources_lie_in_the_folder_of_a_project() =>
        Assert.Empty(Checkout.Files.Where(f => f.StartsWith("src/", StringComparison.Ordinal) && f.Count(c => c == '/') < 2));

    [Fact]
    public void A_file_declares_one_public_type() =>
        Assert.Empty(Declarations.Below("src/").Where(d => d.IsPublic).GroupBy(d => d.File)
            .Where(g => g.Select(d => d.Name).Distinct().Count() > 1)
            .Select(g => g.Key));

    [Fact]
    public void Every_type_is_documented() =>
        Assert.Empty(Declarations.Below("src/").GroupBy(d => (Path.GetDirectoryName(d.File)!.Split('/')[1], d.Name))
            .Where(parts => !parts.Any(d => d.IsDocumented))
            .Select(parts => parts.First()));

    [Fact]
    public void Nothing_is_left_for_later()
    {
        // Put together here, or this file would be the first to be found.
        var later = new Regex(@"\b(" + string.Join('|', "TO" + "DO", "FIX" + "ME", "HA" + "CK", "NotImplemented" + "Exception") + @")\b");
        Assert.Empty(LinesMatching(Checkout.Files.Where(IsText), later));
    }

    [Fact]
    public void No_comment_is_a_banner() => Assert.Empty(LinesMatching(Checkout.CSharp(""), Banner()));

    [Fact]
    public void No_analyzer_is_switched_off_in_passing() => Assert.Empty(LinesMatching(Checkout.CSharp("src/"), Pragma()));

    [Fact]
    public void A_library_asks_for_environment_variables_in_one_place_that_knows_whether_they_can_be_trusted() =>
        Assert.Empty(LinesMatching(
            new[] { "src/Kbus.Core/", "src/Kbus.Linux/", "src/Kbus.Link/", "src/Kbus/", "src/Kbus.Limpet/", "src/Kbus.Native/" }.SelectMany(Checkout.CSharp)
                .Where(f => !f.EndsWith("/TrustedEnvironment.cs", StringComparison.Ordinal)),
            EnvironmentVariable()));

    /// <summary>The kernel may refuse a thread at any time. Whoever starts one must have an answer to that.</summary>
    [Fact]
    public void Threads_are_made_and_started_in_one_place_that_knows_that_there_may_be_none() =>
        Assert.Empty(LinesMatching(Checkout.CSharp("src/").Where(f => !f.EndsWith("src/Kbus.Linux/Threads/Threads.cs", StringComparison.Ordinal)), BareThread()));

    /// <summary>
    /// The others are calls of other libraries: the C library that the program in C brought along for its own memory and files, and libfuse.
    /// </summary>
    [Fact]
    public void System_calls_are_declared_in_one_project() =>
        Assert.Equal(
            ["src/Kbus.Device/Fuse/LibFuse.cs", "src/Kbus.Native/Messages/CFile.cs", "src/Kbus.Native/Messages/CallersMemory.cs"],
            Checkout.CSharp("src/").Where(f => !f.StartsWith("src/Kbus.Linux/", StringComparison.Ordinal))
                .Where(f => Checkout.Lines(f).Any(l => NativeImport().IsMatch(l))).Order(StringComparer.Ordinal));

    [Fact]
    public void A_function_of_the_system_is_declared_once()
    {
        IEnumerable<string> functions = Checkout.CSharp("src/Kbus.Linux/").SelectMany(f => Checkout.Lines(f)).Select(l => NativeImport().Match(l))
            .Where(m => m.Success).Select(m => m.Groups["function"].Value);
        Assert.Empty(functions.GroupBy(f => f).Where(g => g.Count() > 1).Select(g => g.Key));
    }

    [Fact]
    public void The_table_of_steps_in_the_document_lists_exactly_the_frames_of_the_daemon()
    {
        string document = Checkout.Text("docs/threading.md");
        string table = document[document.IndexOf("| Step, as the log names it |", StringComparison.Ordinal)..];
        IEnumerable<string> told = table[..table.IndexOf("\n\n", StringComparison.Ordinal)].Split('\n').Skip(2).SelectMany(l => l.Split('|')[1].Trim().Split(", "));
        IEnumerable<string> run = Checkout.CSharp("src/Kbus.Daemon/").SelectMany(f => Step().Matches(Checkout.Text(f)).Select(m => m.Groups[1].Value));
        Assert.Equal(run.Distinct().Order(StringComparer.Ordinal), told.Order(StringComparer.Ordinal));
    }

    private static bool IsText(string file) => Path.GetExtension(file) is not (".br" or ".gz" or ".png" or ".svg" or ".pdf");

    private static IEnumerable<string> LinesMatching(IEnumerable<string> files, Regex pattern) =>
        files.SelectMany(f => Checkout.Lines(f).Index()
            .Where(line => pattern.IsMatch(line.Item))
            .Select(line => $"{f}:{line.Index + 1}: {line.Item.Trim()}"));

    [GeneratedRegex("[A-Z][a-z0-9]*")]
    private static partial Regex Word();

    [GeneratedRegex(@"^\s*//+\s*[-=*#~]{4,}|^\s*#region")]
    private static partial Regex Banner();

    [GeneratedRegex(@"\bEnvironment\.(GetEnvironmentVariable|ExpandEnvironment)")]
    private static partial Regex EnvironmentVariable();

    [GeneratedRegex(@"\bnew Thread\(|[Tt]hread\w*\.(Unsafe)?Start\(\)|TaskCreationOptions\.LongRunning")]
    private static partial Regex BareThread();

    [GeneratedRegex("""^\s*\[(Dll|Library)Import\((.*EntryPoint = "(?<function>\w+)")?""")]
    private static partial Regex NativeImport();

    [GeneratedRegex("TryRun\\(\"([^\"]+)\"")]
    private static partial Regex Step();

    [GeneratedRegex(@"^\s*#pragma warning disable|\[SuppressMessage")]
    private static partial Regex Pragma();
}
