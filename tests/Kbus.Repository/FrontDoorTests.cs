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
    public async Task Generated_files_are_up_to_date()
    {
        (int exitCode, string output) = await Checkout.Run(Limit, "dotnet", "run", "eng/errors.cs", "--", "--check");
        Assert.True(exitCode == 0, output);
    }
}
