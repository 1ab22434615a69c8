using System.Xml.Linq;

namespace Kbus.Repository;

/// <summary>Who may know whom: outside Core nobody decides what a message means, inside Core nobody knows how it travels.</summary>
public sealed class ReferenceTests
{
    /// <summary>The table of docs/architecture.md. A part that does not exist yet is listed with what it will be allowed to know.</summary>
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["Kbus.Core"] = [],
        ["Kbus.Link"] = ["Kbus.Core"],
        ["Kbus"] = ["Kbus.Core", "Kbus.Link"],
        ["Kbus.Policy"] = ["Kbus.Core"],
        ["Kbus.Daemon"] = ["Kbus.Core", "Kbus.Link", "Kbus.Policy", "Kbus.Device"],
        ["Kbus.Device"] = ["Kbus.Core", "Kbus.Policy"],
        ["Kbus.Limpet"] = ["Kbus"],
        ["Kbus.Native"] = ["Kbus", "Kbus.Limpet"],
        ["Kbus.Cli"] = ["Kbus", "Kbus.Limpet", "Kbus.Policy"],
    };

    public static TheoryData<string> Projects => [.. ProjectFiles("src/").Select(Name)];

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_project_knows_only_whom_it_may_know(string project)
    {
        Assert.True(Allowed.ContainsKey(project), $"{project} is new: say in this test and in docs/architecture.md whom it may know.");
        Assert.Empty(References($"src/{project}/{project}.csproj").Except(Allowed[project]));
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
        Assert.Empty(packages.Where(p => !explained.Contains(p, StringComparison.Ordinal)));
    }

    [Fact]
    public void The_bus_itself_needs_no_package() =>
        Assert.Empty(XDocument.Parse(Checkout.Text("src/Kbus.Core/Kbus.Core.csproj")).Descendants("PackageReference"));

    private static IEnumerable<string> ProjectFiles(string below) =>
        Checkout.Files.Where(f => f.StartsWith(below, StringComparison.Ordinal) && f.EndsWith(".csproj", StringComparison.Ordinal));

    private static IEnumerable<string> References(string project) =>
        XDocument.Parse(Checkout.Text(project)).Descendants("ProjectReference").Select(r => Name(r.Attribute("Include")!.Value));

    private static string Name(string path) => Path.GetFileNameWithoutExtension(path.Replace('\\', '/'));
}
