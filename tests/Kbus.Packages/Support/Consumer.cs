using System.Runtime.InteropServices;

namespace Kbus.Packages;

/// <summary>A project outside the tree that knows nothing of KBUS but the folder with its packages.</summary>
internal sealed class Consumer : IDisposable
{
    /// <summary>How compilers and linkers of .NET begin a warning.</summary>
    public const string Warning = @"\bwarning [A-Z]+[0-9]+:";

    private readonly string _project;

    /// <summary>Copies a folder of <c>consumers</c> to a clean place. Its project.xml becomes the project.</summary>
    public Consumer(string name)
    {
        Use(Place);
        string from = Path.Join(AppContext.BaseDirectory, "consumers", name);
        foreach (string file in Directory.GetFiles(from))
        {
            string to = Path.GetFileName(file) == "project.xml" ? $"{name}.csproj" : Path.GetFileName(file);
            File.WriteAllText(Path.Join(Place.Folder, to), File.ReadAllText(file).Replace("@VERSION@", Made.Version, StringComparison.Ordinal));
        }

        _project = $"{name}.csproj";
        Name = name;
    }

    public CleanPlace Place { get; } = new();

    public string Name { get; }

    public static string Rid => RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? "linux-arm64" : "linux-x64";

    /// <summary>Makes the .NET commands of a place find the packages here, and nothing of them elsewhere.</summary>
    public static void Use(CleanPlace place)
    {
        File.WriteAllText(Path.Join(place.Folder, "nuget.config"), $"""
            <configuration>
              <packageSources>
                <add key="kbus" value="{Made.Packages}" />
              </packageSources>
            </configuration>
            """);

        // Packages of others, such as the compiler, are those that the machine has; ours must be unpacked here.
        string packages = Directory.CreateDirectory(Path.Join(place.Folder, ".packages")).FullName;
        string machines = System.Environment.GetEnvironmentVariable("NUGET_PACKAGES")
            ?? Path.Join(System.Environment.GetFolderPath(System.Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        if (Directory.Exists(machines))
        {
            foreach (string package in Directory.GetDirectories(machines).Where(p => !Path.GetFileName(p).StartsWith("kbus", StringComparison.Ordinal)))
            {
                Directory.CreateSymbolicLink(Path.Join(packages, Path.GetFileName(package)), package);
            }
        }

        place.Environment["NUGET_PACKAGES"] = packages;
    }

    /// <summary>Builds it. A warning is an error.</summary>
    /// <returns>The program.</returns>
    public async Task<string> BuildAsync()
    {
        await DotnetAsync("build", _project, "-warnaserror", "-c", "Release", "--nologo", "-v", "quiet");
        return Path.Join(Place.Folder, "bin", "Release", "net10.0", Name);
    }

    /// <summary>Publishes it. A warning is an error.</summary>
    /// <returns>The program.</returns>
    public async Task<string> PublishAsync(params string[] options)
    {
        await DotnetAsync(["publish", _project, "-warnaserror", "-c", "Release", "--nologo", "-v", "quiet", "-o", "published", .. options]);
        return Path.Join(Place.Folder, "published", Name);
    }

    public void Dispose() => Place.Dispose();

    private async Task DotnetAsync(params string[] arguments)
    {
        Assert.DoesNotMatch(Warning, await Place.RunAsync("dotnet", arguments));
    }
}
