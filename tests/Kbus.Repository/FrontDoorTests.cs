namespace Kbus.Repository;

/// <summary>What somebody meets who has just cloned the repository.</summary>
public sealed class FrontDoorTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    [Theory]
    [InlineData("kbus")]
    [InlineData("test")]
    [InlineData("bench")]
    [InlineData("fuzz")]
    [InlineData("build")]
    [InlineData("install")]
    [InlineData("uninstall")]
    [InlineData("eng/version")]
    [InlineData(".ci/run")]
    public void A_script_can_be_run(string script)
    {
        Assert.True(
            File.GetUnixFileMode(Checkout.FullPath(script)).HasFlag(UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute),
            $"{script} has no run bit: chmod +x {script}");
        Assert.StartsWith("#!", Checkout.Text(script), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("test")]
    [InlineData("fuzz")]
    [InlineData("build")]
    [InlineData("install")]
    [InlineData("uninstall")]
    public async Task A_script_explains_itself(string script)
    {
        (int exitCode, string output) = await Checkout.Run(Limit, Checkout.FullPath(script), "--help");
        Assert.Equal(0, exitCode);
        Assert.Contains($"usage: ./{script}", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("README.md")]
    [InlineData("CHANGELOG.md")]
    [InlineData("CONTRIBUTING.md")]
    [InlineData("SECURITY.md")]
    [InlineData("LICENSE")]
    public void A_document_of_the_front_door_is_there(string file) =>
        Assert.True(Checkout.Files.Contains(file), $"{file} is missing.");

    [Fact]
    public void The_copies_of_the_version_are_those_of_the_one_place()
    {
        string version = Checkout.Text("VERSION").Trim();
        string[] numbers = version.Split('.');
        string header = Checkout.Text("src/Kbus.Native/include/kbus.h");
        Assert.Contains($"#define KBUS_VERSION \"{version}\"\n", header, StringComparison.Ordinal);
        Assert.Contains($"#define KBUS_VERSION_MAJOR {numbers[0]}\n#define KBUS_VERSION_MINOR {numbers[1]}\n#define KBUS_VERSION_PATCH {numbers[2]}\n", header, StringComparison.Ordinal);
        Assert.Contains($"\n__version__ = \"{version}\"\n", Checkout.Text("python/kbus/__init__.py"), StringComparison.Ordinal);
        string[] templates = [.. Checkout.Files.Where(f => f.StartsWith("packaging/templates/content/", StringComparison.Ordinal) && f.EndsWith(".csproj", StringComparison.Ordinal))];
        Assert.Equal(2, templates.Length);
        Assert.All(templates, t => Assert.Contains($"Include=\"Kbus.Extensions.Hosting\" Version=\"{version}\"", Checkout.Text(t), StringComparison.Ordinal));
    }

    [Fact]
    public async Task Generated_files_are_up_to_date()
    {
        (int exitCode, string output) = await Checkout.Run(Limit, "dotnet", "run", "eng/errors.cs", "--", "--check");
        Assert.True(exitCode == 0, output);
    }
}
