using System.Text.RegularExpressions;

namespace Kbus.Repository;

/// <summary>What documents say must be there.</summary>
public sealed partial class DocumentTests
{
    private const string Guarantees = "docs/guarantees.md";

    [Fact]
    public void Every_promise_is_stated_with_the_tests_that_show_it()
    {
        string text = Checkout.Text(Guarantees);
        Assert.Empty(Enumerable.Range(1, 8).Select(n => $"P{n}").Where(p => !Regex.IsMatch(text, $@"\b{p}\b")));
        Assert.True(TestsNamedIn(text).Distinct().Count() >= 8, "At least one test for each promise must be named.");
    }

    [Fact]
    public void A_test_that_a_document_names_exists()
    {
        HashSet<string> tests = [.. Checkout.CSharp("tests/").SelectMany(f => TestMethod().Matches(Checkout.Text(f))).Select(m => m.Groups["name"].Value)];
        IEnumerable<string> missing =
            from file in Markdown()
            from test in TestsNamedIn(Checkout.Text(file))
            where !tests.Contains(test)
            select $"{file}: {test}";
        Assert.Empty(missing);
    }

    [Fact]
    public void A_link_between_documents_leads_somewhere()
    {
        IEnumerable<string> broken =
            from file in Markdown()
            from Match link in Link().Matches(Checkout.Text(file))
            let target = link.Groups["target"].Value
            where !target.Contains(':', StringComparison.Ordinal)
            let path = Path.Combine(Path.GetDirectoryName(Checkout.FullPath(file))!, target)
            where !Path.Exists(path)
            select $"{file}: {target}";
        Assert.Empty(broken);
    }

    private static IEnumerable<string> Markdown() => Checkout.Files.Where(f => f.EndsWith(".md", StringComparison.Ordinal));

    private static IEnumerable<string> TestsNamedIn(string text) => TestName().Matches(text).Select(m => m.Groups["name"].Value);

    /// <summary>A name in backticks that is a sentence: it begins with a capital, has underscores, and is not all capitals.</summary>
    [GeneratedRegex(@"`(\w+\.)*(?<name>[A-Z][A-Za-z0-9]*_(?=\w*[a-z])\w+)(\(\))?`")]
    private static partial Regex TestName();

    [GeneratedRegex(@"public (static )?(async )?(void|Task|ValueTask) (?<name>\w+)\(")]
    private static partial Regex TestMethod();

    [GeneratedRegex(@"\]\((?<target>[^)#\s]+)(#[^)\s]*)?\)")]
    private static partial Regex Link();
}
