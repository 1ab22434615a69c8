using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Kbus.Repository;

/// <summary>Which project refers to which, as docs/architecture.md says.</summary>
public sealed partial class ReferenceTests
{
    public static TheoryData<string> Projects => [.. ProjectFiles("src/").Select(Name)];

    [Fact]
    public void The_table_of_projects_is_what_the_project_files_say()
    {
        string[] actual = [.. Projects.Select(p => $"{p.Data}: {string.Join(", ", References($"src/{p.Data}/{p.Data}.csproj").Order(StringComparer.Ordinal))}")];
        string[] listed =
        [
            .. ProjectRow().Matches(Checkout.Text("docs/architecture.md"))
                .Select(r => $"{r.Groups["name"].Value}: {string.Join(", ", Listed(r.Groups["references"].Value).Order(StringComparer.Ordinal))}"),
        ];
        Assert.Equal(actual.Order(StringComparer.Ordinal), listed.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("Kbus.Core")]
    [InlineData("Kbus.Linux")]
    public void The_projects_at_the_bottom_know_no_other_project(string project) => Assert.Empty(References($"src/{project}/{project}.csproj"));

    /// <summary>Or a project could use what the table does not say.</summary>
    [Fact]
    public void No_project_uses_what_its_references_refer_to()
    {
        (string File, string Value)[] said =
        [
            .. Checkout.Files.Where(f => Path.GetExtension(f) is ".csproj" or ".props" or ".targets")
                .SelectMany(f => XDocument.Parse(Checkout.Text(f)).Descendants("DisableTransitiveProjectReferences").Select(e => (f, e.Value))),
        ];
        Assert.Equal([("Directory.Build.props", "true")], said);
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_project_has_a_test_project(string project) =>
        Assert.Contains($"tests/{project}.Tests/{project}.Tests.csproj", Checkout.Files);

    [Fact]
    public void Every_project_is_part_of_the_solution()
    {
        IEnumerable<string> listed = XDocument.Parse(Checkout.Text("Kbus.slnx"))
            .Descendants("Project").Select(p => p.Attribute("Path")!.Value);
        Assert.Equal(ProjectFiles("").Order(StringComparer.Ordinal), listed.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Every_package_is_explained()
    {
        string explained = Checkout.Text("docs/dependencies.md");
        IEnumerable<string> packages = XDocument.Parse(Checkout.Text("Directory.Packages.props"))
            .Descendants("PackageVersion").Select(p => p.Attribute("Include")!.Value);
        using JsonDocument tools = JsonDocument.Parse(Checkout.Text(".config/dotnet-tools.json"));
        IEnumerable<string> all = packages.Concat(tools.RootElement.GetProperty("tools").EnumerateObject().Select(t => t.Name));
        Assert.Empty(all.Where(p => !explained.Contains(p, StringComparison.OrdinalIgnoreCase)));
    }

    [Fact]
    public void The_bus_itself_needs_no_package() =>
        Assert.Empty(XDocument.Parse(Checkout.Text("src/Kbus.Core/Kbus.Core.csproj")).Descendants("PackageReference"));

    private static IEnumerable<string> ProjectFiles(string below) =>
        Checkout.Files.Where(f => f.StartsWith(below, StringComparison.Ordinal) && f.EndsWith(".csproj", StringComparison.Ordinal)
            && !f.StartsWith("packaging/templates/content/", StringComparison.Ordinal));

    private static IEnumerable<string> References(string project) =>
        XDocument.Parse(Checkout.Text(project)).Descendants("ProjectReference").Select(r => Name(r.Attribute("Include")!.Value));

    private static IEnumerable<string> Listed(string references) =>
        references == "none" ? [] : references.Split(", ").Select(r => r == "Kbus" ? r : "Kbus." + r);

    private static string Name(string path) => Path.GetFileNameWithoutExtension(path.Replace('\\', '/'));

    /// <summary>A row of the table: project, contents, references.</summary>
    [GeneratedRegex(@"^\| `(?<name>Kbus[\w.]*)` \|[^|\n]*\| (?<references>[^|\n]+) \|$", RegexOptions.Multiline)]
    private static partial Regex ProjectRow();
}
