using System.Security.Cryptography;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Kbus.Packages;

/// <summary>What holds for all packages together: one version, checksums, a bill of materials, and that they can be made again.</summary>
public sealed partial class ReleaseTests
{
    [Fact]
    public async Task Everything_has_the_version_of_the_one_place()
    {
        using var place = new CleanPlace();
        string dist = Path.Join(Checkout.Root, "dist");
        Assert.Equal($"kbus {Made.Version}\n", await place.RunAsync(Path.Join(dist, "bin", "kbus"), "--version"));
        Assert.Equal($"kbusd {Made.Version}\n", await place.RunAsync(Path.Join(dist, "bin", "kbusd"), "--version"));
        Assert.Contains($"#define KBUS_VERSION \"{Made.Version}\"\n", File.ReadAllText(Path.Join(dist, "include", "kbus.h")), StringComparison.Ordinal);
        Assert.Contains($"Version: {Made.Version}\n", File.ReadAllText(Path.Join(dist, "lib", "pkgconfig", "kbus.pc")), StringComparison.Ordinal);
        Assert.Contains($"\n## {Made.Version} ", Checkout.Text("CHANGELOG.md"), StringComparison.Ordinal);
        Assert.All(
            Directory.GetFiles(Made.Packages).Select(Path.GetFileName).Where(f => f != "SHA256SUMS"),
            f => Assert.Matches($@"[-._]{Regex.Escape(Made.Version)}[-._]", f));
    }

    [Fact]
    public void Checksums_are_those_of_all_files()
    {
        string[] listed = File.ReadAllLines(Path.Join(Made.Packages, "SHA256SUMS"));
        string[] actual =
        [
            .. Directory.GetFiles(Made.Packages).Where(f => Path.GetFileName(f) != "SHA256SUMS").Order(StringComparer.Ordinal)
                .Select(f => $"{Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(f)))}  {Path.GetFileName(f)}"),
        ];
        Assert.Equal(actual, listed);
    }

    [Fact]
    public void The_bill_of_materials_lists_each_package_and_what_is_in_it()
    {
        using JsonDocument bill = JsonDocument.Parse(File.ReadAllText(Made.Package("*.cdx.json")));
        JsonElement[] components = [.. bill.RootElement.GetProperty("components").EnumerateArray()];
        Dictionary<string, string> sums = File.ReadAllLines(Path.Join(Made.Packages, "SHA256SUMS")).Select(l => l.Split("  ")).ToDictionary(l => l[1], l => l[0]);
        Assert.All(sums.Where(s => !s.Key.EndsWith(".cdx.json", StringComparison.Ordinal)), s => Assert.Contains(
            components, c => c.GetProperty("name").GetString() == s.Key && c.GetProperty("hashes")[0].GetProperty("content").GetString() == s.Value));
        string[] names = [.. components.Select(c => c.GetProperty("name").GetString()!)];
        Assert.Contains("libc.so.6", names);
        Assert.Contains("Microsoft.Extensions.Hosting.Abstractions", names);
        Assert.Contains(names, n => n.Contains("NativeAOT", StringComparison.Ordinal));

        // Whatever depends on something names a component.
        HashSet<string> known = [.. components.Select(c => c.GetProperty("bom-ref").GetString()!), "kbus"];
        Assert.All(
            bill.RootElement.GetProperty("dependencies").EnumerateArray(),
            d => Assert.All(d.GetProperty("dependsOn").EnumerateArray().Select(r => r.GetString()!).Append(d.GetProperty("ref").GetString()!), r => Assert.Contains(r, known)));
    }

    /// <summary>Two checkouts of one commit, in folders of different names, each built from nothing.</summary>
    [Fact]
    [Trait("Length", "long")]
    public async Task Two_builds_of_one_commit_are_the_same_byte_by_byte()
    {
        using var place = new CleanPlace();
        string[] sums = [];
        string[] folders = [Path.Join(place.Folder, "one"), Path.Join(place.Folder, "the-other")];
        await place.RunAsync("git", "clone", "--quiet", "--no-hardlinks", Checkout.Root, folders[0]);
        await place.RunAsync("git", "clone", "--quiet", "--no-hardlinks", folders[0], folders[1]);
        foreach (string folder in folders)
        {
            await place.RunAsync(Path.Join(folder, "build"), "--packages");
            string[] these = File.ReadAllLines(Path.Join(folder, "dist", "packages", "SHA256SUMS"));
            Assert.True(sums.Length == 0 || sums.SequenceEqual(these), string.Join('\n', these.Except(sums)));
            sums = these;
        }
    }

    [Fact]
    public async Task What_is_installed_without_packages_works_and_leaves_nothing_when_it_is_removed()
    {
        using var place = new CleanPlace();
        string prefix = Path.Join(place.Folder, "opt", "kbus");
        await place.RunAsync(Path.Join(Checkout.Root, "install"), "--prefix", prefix);
        string kbus = Path.Join(prefix, "bin", "kbus");
        Assert.Contains("data='hello'", await place.RunAsync(kbus, "send", "$.Fred", "hello"), StringComparison.Ordinal);
        Assert.Equal(Path.Join(prefix, "bin", "kbusd"), place.Daemon);
        Assert.Contains($"ExecStart={prefix}/bin/kbusd ", File.ReadAllText(Path.Join(prefix, "lib/systemd/system/kbusd.service")), StringComparison.Ordinal);

        place.Environment["PYTHONPATH"] = Path.Join(prefix, "lib", "python3");
        Assert.Equal($"{prefix}/lib/libkbus.so\n", await place.RunAsync("python3", "-c", "import kbus; print(kbus.ksock.library._name)"));

        // A second time over the first, and then away.
        await place.RunAsync(Path.Join(Checkout.Root, "install"), "--prefix", prefix);
        File.WriteAllText(Path.Join(prefix, "etc"), "something of somebody else");
        await place.RunAsync(Path.Join(Checkout.Root, "uninstall"), "--prefix", prefix);
        Assert.Equal([Path.Join(prefix, "etc")], Directory.GetFiles(Path.Join(place.Folder, "opt"), "*", SearchOption.AllDirectories));
        Assert.Empty(Directory.GetDirectories(prefix));
        (int code, string output) = await place.TryRunAsync(Path.Join(Checkout.Root, "uninstall"), "--prefix", prefix);
        Assert.True(code != 0 && output.Contains("nothing of KBUS is installed", StringComparison.Ordinal), output);
    }

    [Fact]
    public void No_file_of_the_tree_names_a_host_of_packages()
    {
        string[] hosts = ["nuget" + ".org", "deb.debian" + ".org", "npmjs" + ".org", "pypi" + ".org", "snapshot.debian" + ".org"];
        IEnumerable<string> files = Directory.EnumerateFiles(Checkout.Root, "*", SearchOption.AllDirectories)
            .Where(f => !Generated().IsMatch(Path.GetRelativePath(Checkout.Root, f)) && new FileInfo(f).Length < 2_000_000);
        Assert.Empty(files.Where(f => hosts.Any(h => File.ReadAllText(f).Contains(h, StringComparison.Ordinal))));
    }

    [GeneratedRegex(@"^(artifacts|dist|\.git|.*/(bin|obj))/")]
    private static partial Regex Generated();
}
