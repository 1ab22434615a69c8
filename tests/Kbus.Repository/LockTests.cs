using System.Text.RegularExpressions;

namespace Kbus.Repository;

/// <summary>The tables of locks in docs/threading.md.</summary>
public sealed partial class LockTests
{
    private const string Document = "docs/threading.md";

    [Fact]
    public void The_lock_tables_list_exactly_the_locks_of_the_sources()
    {
        IReadOnlyList<string> listed = Listed();
        Assert.Empty(listed.GroupBy(l => l).Where(l => l.Count() > 1).Select(l => l.Key));
        HashSet<string> existing = [.. InSources()];
        Assert.True(
            existing.SetEquals(listed),
            $"{Document} must list each lock in one row. Missing: {string.Join(", ", existing.Except(listed).Order())}. "
                + $"Listed, but not in src: {string.Join(", ", listed.Except(existing).Order())}.");
    }

    [Fact]
    public void A_lock_that_may_be_taken_under_another_is_one_that_exists()
    {
        IEnumerable<string> inner = TableRow().Matches(Checkout.Text(Document)).SelectMany(r => Name().Matches(r.Groups["inside"].Value)).Select(m => m.Groups["name"].Value);
        Assert.Empty(inner.Except(Listed()).Except(["LinkHost"]));
    }

    private static List<string> Listed() =>
        [.. TableRow().Matches(Checkout.Text(Document)).SelectMany(r => Name().Matches(r.Groups["locks"].Value)).Select(m => m.Groups["name"].Value)];

    private static HashSet<string> InSources()
    {
        string[] files = [.. Checkout.CSharp("src/"), .. Checkout.Files.Where(f => f.StartsWith("src/", StringComparison.Ordinal) && f.EndsWith(".c", StringComparison.Ordinal))];
        (string Type, string Name, bool IsDeclared)[] found = [.. files.SelectMany(InFile)];
        HashSet<string> declared = [.. found.Where(f => f.IsDeclared).Select(f => $"{f.Type}.{f.Name}")];
        HashSet<string> names = [.. found.Where(f => !f.Name.Contains('.', StringComparison.Ordinal)).Select(f => f.Name)];

        // What is locked by way of another object was declared there.
        IEnumerable<string> objects = found.Where(f => !f.IsDeclared && !(f.Name.Contains('.', StringComparison.Ordinal) && names.Contains(f.Name.Split('.')[^1])))
            .Select(f => $"{f.Type}.{f.Name}");
        return [.. declared, .. objects];
    }

    private static IEnumerable<(string Type, string Name, bool IsDeclared)> InFile(string file)
    {
        string type = file.EndsWith(".c", StringComparison.Ordinal) ? Path.GetFileName(file) : TypeOf(file);
        foreach (string line in Checkout.Lines(file).Select(l => l.Trim()).Where(l => !l.StartsWith("//", StringComparison.Ordinal) && !l.StartsWith('*')))
        {
            foreach (Match match in LockField().Matches(line).Where(_ => !line.Contains("const ", StringComparison.Ordinal)))
            {
                yield return (type, match.Groups["name"].Value, true);
            }

            foreach (Match match in LockedObject().Matches(line))
            {
                yield return (type, match.Groups["name"].Value, false);
            }
        }
    }

    private static string TypeOf(string file) =>
        Checkout.Lines(file).Select(l => TypeDeclaration().Match(l)).FirstOrDefault(m => m.Success)?.Groups["name"].Value ?? Path.GetFileName(file);

    [GeneratedRegex(@"\b(Lock|SpinLock|SemaphoreSlim|ReaderWriterLockSlim|Mutex|pthread_mutex_t|pthread_spinlock_t) (?<name>\w+)\s*(=|;|\{)")]
    private static partial Regex LockField();

    [GeneratedRegex(@"\b(lock|Monitor\.\w+) ?\((?<name>[\w.]+)")]
    private static partial Regex LockedObject();

    [GeneratedRegex(@"^(public |internal |file )?((static|sealed|abstract|readonly|ref|partial|unsafe) )*((record )?(class|struct)|record|interface) (?<name>\w+)")]
    private static partial Regex TypeDeclaration();

    /// <summary>A row whose first column is a lock or several: a type and a field.</summary>
    [GeneratedRegex(@"^\| (?<locks>`[\w.]+\.\w+`(, `[\w.]+\.\w+`)*) \|[^|\n]*\|(?<inside>[^|\n]*)\|$", RegexOptions.Multiline)]
    private static partial Regex TableRow();

    [GeneratedRegex(@"`(?<name>[\w.]+)`")]
    private static partial Regex Name();
}
