using System.Diagnostics;
using System.IO.Compression;
using System.Reflection.Metadata;

namespace Kbus.Packages;

/// <summary>The packages for programs of .NET, used by projects outside the tree.</summary>
public sealed class NuGetTests
{
    private const string Greeting = "<Reply '$.Greet', id=[0:2], to=2, from=1, in_reply_to=[0:1], data='hello'>\n";

    private const UnixFileMode EverybodyMayRun =
        UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute | UnixFileMode.OtherRead;

    /// <summary>The libraries that programs refer to, as packages.</summary>
    private static readonly string[] Libraries = ["Kbus", "Kbus.Core", "Kbus.Extensions.Hosting", "Kbus.Limpet", "Kbus.Link", "Kbus.Linux"];

    public static TheoryData<string> LibraryNames => [.. Libraries];

    [Fact]
    public void There_is_a_package_for_each_part_and_symbols_for_each_library()
    {
        string suffix = $".{Made.Version}";
        Assert.Equal(
            [.. Libraries.Append("Kbus.Cli").Append("Kbus.Templates").Order(StringComparer.Ordinal)],
            Directory.GetFiles(Made.Packages, "*.nupkg").Select(f => Path.GetFileNameWithoutExtension(f).Replace(suffix, "", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
        Assert.Empty(Libraries.Where(l => !File.Exists(Path.Join(Made.Packages, $"{l}{suffix}.snupkg"))));
    }

    [Theory]
    [MemberData(nameof(LibraryNames))]
    public void A_package_has_a_description_a_readme_the_licence_and_documentation(string library)
    {
        using ZipArchive package = Open(library, "nupkg");
        Assert.All(["README.md", "LICENSE", $"lib/net10.0/{library}.dll", $"lib/net10.0/{library}.xml"], f => Assert.NotNull(package.GetEntry(f)));
        using var reader = new StreamReader(package.GetEntry($"{library}.nuspec")!.Open());
        string text = reader.ReadToEnd();
        Assert.All(
            ["<license type=\"expression\">MIT</license>", "<readme>README.md</readme>", "<description>", $"<version>{Made.Version}</version>"],
            t => Assert.Contains(t, text, StringComparison.Ordinal));
        Assert.DoesNotContain("Package Description", text, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(LibraryNames))]
    public void Symbols_hold_the_sources(string library)
    {
        using ZipArchive package = Open(library, "snupkg");
        using Stream packed = package.GetEntry($"lib/net10.0/{library}.pdb")!.Open();
        var file = new MemoryStream();
        packed.CopyTo(file);
        file.Position = 0;
        using MetadataReaderProvider provider = MetadataReaderProvider.FromPortablePdbStream(file);
        MetadataReader symbols = provider.GetMetadataReader();
        var embedded = new Guid("0E8A571B-6926-466E-B4AD-8AB04611F5FE");
        int with = symbols.Documents.Count(d => symbols.GetCustomDebugInformation(d)
            .Any(i => symbols.GetGuid(symbols.GetCustomDebugInformation(i).Kind) == embedded));
        Assert.Equal(symbols.Documents.Count, with);
        Assert.All(symbols.Documents, d => Assert.StartsWith("/_/", symbols.GetString(symbols.GetDocument(d).Name), StringComparison.Ordinal));
    }

    /// <summary>SourceLink: where the sources can be fetched is known only in a clone of a server.</summary>
    [Fact]
    [Trait("Length", "long")]
    public async Task In_a_clone_of_a_server_symbols_say_where_the_sources_are()
    {
        using var place = new CleanPlace();
        string clone = Path.Join(place.Folder, "clone");
        await place.RunAsync("git", "clone", "--quiet", "--no-hardlinks", Checkout.Root, clone);
        await place.RunAsync("git", "-C", clone, "remote", "set-url", "origin", "https://github.com/example/kbus.git");
        string commit = (await place.RunAsync("git", "-C", clone, "rev-parse", "HEAD")).Trim();
        await place.RunAsync("dotnet", "build", Path.Join(clone, "src", "Kbus.Core"), "-c", "Release", "--nologo", "-v", "quiet");
        using var file = File.OpenRead(Path.Join(clone, "artifacts", "bin", "Kbus.Core", "release", "Kbus.Core.pdb"));
        using MetadataReaderProvider provider = MetadataReaderProvider.FromPortablePdbStream(file);
        MetadataReader symbols = provider.GetMetadataReader();
        var sourceLink = new Guid("CC110556-A091-4D38-9FEC-25AB9A351A6A");
        CustomDebugInformation link = symbols.CustomDebugInformation.Select(symbols.GetCustomDebugInformation).Single(i => symbols.GetGuid(i.Kind) == sourceLink);
        Assert.Contains(
            $"https://raw.githubusercontent.com/example/kbus/{commit}/*", System.Text.Encoding.UTF8.GetString(symbols.GetBlobBytes(link.Value)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_program_with_the_package_alone_has_a_bus()
    {
        using var consumer = new Consumer("console");
        string program = await consumer.BuildAsync();
        Assert.Equal(Greeting, await consumer.Place.RunAsync(program));
        Assert.StartsWith(consumer.Place.Folder, consumer.Place.Daemon, StringComparison.Ordinal);
        Assert.True(File.GetUnixFileMode(consumer.Place.Daemon!).HasFlag(EverybodyMayRun));
    }

    [Theory]
    [Trait("Length", "long")]
    [InlineData("for any machine")]
    [InlineData("for one machine", "-r", "RID", "--self-contained", "false")]
    [InlineData("trimmed", "-r", "RID", "--self-contained", "-p:PublishTrimmed=true")]
    [InlineData("in one file", "-r", "RID", "--self-contained", "-p:PublishSingleFile=true")]
    [InlineData("ahead of time", "-r", "RID", "-p:PublishAot=true", "-p:CppCompilerAndLinker=gcc")]
    public async Task A_program_that_is_published_has_a_bus(string how, params string[] options)
    {
        using var consumer = new Consumer("console");
        string program = await consumer.PublishAsync([.. options.Select(o => o == "RID" ? Consumer.Rid : o)]);

        // Away from where it was built, as on a machine without packages.
        string elsewhere = Path.Join(consumer.Place.Folder, "elsewhere");
        Directory.Move(Path.GetDirectoryName(program)!, elsewhere);
        Directory.Delete(Path.Join(consumer.Place.Folder, ".packages", "kbus"), recursive: true);
        Assert.Equal(Greeting, await consumer.Place.RunAsync(Path.Join(elsewhere, "console")));
        Assert.True(consumer.Place.Daemon?.StartsWith(elsewhere, StringComparison.Ordinal), $"{how}: {consumer.Place.Daemon}");
        Assert.True(File.GetUnixFileMode(consumer.Place.Daemon!).HasFlag(EverybodyMayRun), how);
    }

    [Theory]
    [Trait("Length", "long")]
    [InlineData("trimmed", "-r", "RID", "--self-contained", "-p:PublishTrimmed=true")]
    [InlineData("ahead of time", "-r", "RID", "-p:PublishAot=true", "-p:CppCompilerAndLinker=gcc")]
    public async Task Two_buses_are_joined_by_a_program_with_the_Limpet_package(string how, params string[] options)
    {
        using var consumer = new Consumer("limpet");
        string program = await consumer.PublishAsync([.. options.Select(o => o == "RID" ? Consumer.Rid : o)]);
        Assert.True(await consumer.Place.RunAsync(program) == "carried: hello\n", how);
    }

    [Fact]
    public async Task The_command_is_a_tool_that_brings_its_daemon()
    {
        using var place = new CleanPlace();
        Consumer.Use(place);
        await place.RunAsync("dotnet", "tool", "install", "Kbus.Cli", "--version", Made.Version, "--tool-path", "tools");
        string kbus = Path.Join(place.Folder, "tools", "kbus");
        Assert.Equal($"kbus {Made.Version}\n", await place.RunAsync(kbus, "--version"));
        Assert.Contains("data='hello'", await place.RunAsync(kbus, "send", "$.Fred", "hello"), StringComparison.Ordinal);
        Assert.StartsWith(place.Folder, place.Daemon, StringComparison.Ordinal);
    }

    [Theory]
    [Trait("Length", "long")]
    [InlineData("trimmed", "-r", "RID", "--self-contained", "-p:PublishTrimmed=true")]
    [InlineData("ahead of time", "-r", "RID", "-p:PublishAot=true", "-p:CppCompilerAndLinker=gcc")]
    public async Task A_host_with_the_hosting_package_answers(string how, params string[] options)
    {
        using var consumer = new Consumer("hosted");
        string program = await consumer.PublishAsync([.. options.Select(o => o == "RID" ? Consumer.Rid : o)]);
        string said = await consumer.Place.RunAsync(program, "--Logging:LogLevel:Default=Warning");
        Assert.True(said == "Weather { City = Prague, Celsius = 21.5 }\nNotFound\n", $"{how}: {said}");
    }

    [Fact]
    public void The_program_of_the_document_is_the_one_that_is_tested()
    {
        string program = File.ReadAllText(Path.Join(AppContext.BaseDirectory, "consumers", "hosted", "Program.cs"));
        Assert.Contains($"```csharp\n{program}```\n", Checkout.Text("docs/hosting.md"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("kbus-replier", "call", "$.Greeter.Greet", "{\"Name\":\"world\"}", "{\"Text\":\"Hello, world!\"}")]
    [InlineData("kbus-listener", "send", "$.Sensor.Temperature", "21.5", "$.Sensor.Temperature is 21.5.")]
    public async Task A_template_makes_a_service_that_runs(string template, string verb, string name, string data, string expected)
    {
        using var place = new CleanPlace();
        Consumer.Use(place);
        string[] hive = ["--debug:custom-hive", Path.Join(place.Folder, "hive")];
        await place.RunAsync("dotnet", ["new", "install", Made.Package("Kbus.Templates.*.nupkg"), .. hive]);
        await place.RunAsync("dotnet", ["new", template, "--name", "My.Service", "--output", "service", .. hive]);
        string built = await place.RunAsync("dotnet", "build", "service", "-warnaserror", "-c", "Release", "--nologo", "-v", "quiet");
        Assert.DoesNotMatch(Consumer.Warning, built);

        using Process service = place.Start(Path.Join(place.Folder, "service", "bin", "Release", "net10.0", "My.Service"));
        try
        {
            string line = await ReadUntilAsync(service, "Bound as ");
            Assert.Contains(name[..5], line, StringComparison.Ordinal);
            string said = await place.RunAsync(Path.Join(Checkout.Root, "dist", "bin", "kbus"), verb, name, data);
            if (verb == "send")
            {
                said = await ReadUntilAsync(service, expected);
            }

            Assert.Contains(expected, said.Replace("\\", "", StringComparison.Ordinal), StringComparison.Ordinal);
            using Process term = Process.Start("kill", ["-TERM", $"{service.Id}"]);
            await service.WaitForExitAsync().WaitAsync(TimeSpan.FromMinutes(3));
            Assert.Equal(0, service.ExitCode);
        }
        finally
        {
            service.Kill();
        }
    }

    private static async Task<string> ReadUntilAsync(Process process, string text)
    {
        while (await process.StandardOutput.ReadLineAsync().WaitAsync(TimeSpan.FromMinutes(3)) is { } line)
        {
            if (line.Contains(text, StringComparison.Ordinal))
            {
                return line;
            }
        }

        throw new InvalidOperationException($"The service ended without saying '{text}': {await process.StandardError.ReadToEndAsync()}");
    }

    private static ZipArchive Open(string library, string kind) =>
        ZipFile.OpenRead(Path.Join(Made.Packages, $"{library}.{Made.Version}.{kind}"));
}
