using System.Text.Json;
using System.Text.RegularExpressions;

namespace Kbus.Repository;

/// <summary><c>eng/errors.json</c>, from which everything is made that says what an errno means.</summary>
public sealed partial class ErrorTests
{
    /// <summary>What Linux gives, and the library passes on without ever naming it.</summary>
    private static readonly string[] OfTheKernel = ["ENFILE", "EFBIG"];

    /// <summary>The errors of system calls have names of their own there, and the comments say which they are.</summary>
    private const string OfTheCalls = "src/Kbus.Linux/Calls/LibC.Errors.cs";

    /// <summary>A meaning that nothing gives speaks of what does not exist.</summary>
    [Fact]
    public void An_error_whose_meaning_is_told_is_one_that_something_gives()
    {
        using JsonDocument document = JsonDocument.Parse(Checkout.Text("eng/errors.json"));
        string sources = string.Concat(
            Checkout.Files.Where(f => f.StartsWith("src/", StringComparison.Ordinal))
                .Where(f => f.EndsWith(".c", StringComparison.Ordinal) || (f.EndsWith(".cs", StringComparison.Ordinal) && !f.EndsWith(".g.cs", StringComparison.Ordinal)))
                .SelectMany(f => Checkout.Lines(f).Where(l => f == OfTheCalls || !l.TrimStart().StartsWith("//", StringComparison.Ordinal))).Select(l => l + "\n"));
        var given = new HashSet<string>(Symbol().Matches(sources).Select(m => m.Value));
        string[] told =
        [
            .. document.RootElement.GetProperty("errors").EnumerateArray().Where(e => e.TryGetProperty("cases", out _))
                .Where(e => !e.TryGetProperty("aliases", out JsonElement aliases) || !aliases.EnumerateArray().Any(a => given.Contains(a.GetString()!)))
                .Select(e => e.GetProperty("name").GetString()!),
        ];
        Assert.Empty(told.Where(e => !given.Contains(e)).Except(OfTheKernel));
    }

    [GeneratedRegex(@"\bE[A-Z0-9]+\b")]
    private static partial Regex Symbol();
}
