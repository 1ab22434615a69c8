// Shows that the simulation finds faults: breaks the bus in one place after another, as tests/Kbus.Simulation/mutations.json says, and plays seeds.
//
//   dotnet run eng/mutations.cs                  all of them, each until it is found or 1000 seeds have been played; writes docs/mutations.md
//   dotnet run eng/mutations.cs -- --only TEXT   those with TEXT in their names; writes nothing
//
// The tree is copied to artifacts/mutations and built there, so that nothing here changes. Exit code 1 if one is not found.

using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;

const int Seeds = 1000;
const int Patience = 300_000;
const string Configuration = "Simulation";

// Where this file lies, wherever the program was started from.
string root = Path.GetDirectoryName((string)AppContext.GetData("EntryPointFileDirectoryPath")!)!;
string copy = Path.Combine(root, "artifacts", "mutations");
string program = Path.Combine(copy, "artifacts", "bin", "Kbus.Simulation", "simulation", "Kbus.Simulation");
string only = args is ["--only", string text] ? text : "";

Mutation[] mutations = JsonSerializer.Deserialize(File.ReadAllText(Path.Combine(root, "tests", "Kbus.Simulation", "mutations.json")), Json.Default.MutationArray)!;
CopyTree();
Console.WriteLine("building ...");
Must(Run("dotnet", ["build", "tests/Kbus.Simulation", "-c", Configuration, "-v", "quiet", "--nologo"], copy));
Must(Run(program, ["play", "1", $"{Seeds}", "promises"], copy));

var table = new StringBuilder();
int missed = 0;
string? last = null;
foreach (Mutation mutation in mutations.Where(m => m.Name.Contains(only, StringComparison.OrdinalIgnoreCase)))
{
    (bool isFound, string how) = Try(mutation);
    missed += isFound ? 0 : 1;
    Console.WriteLine($"{mutation.Breaks}  {mutation.Name}: {how}");
    table.Append(CultureInfo.InvariantCulture, $"| {mutation.Breaks} | {mutation.Name} | `{Path.GetFileName(mutation.File)}` | {how} |\n");
}

if (only.Length == 0)
{
    File.WriteAllText(Path.Combine(root, "docs", "mutations.md"), Document(table.ToString()));
}

Console.WriteLine(missed == 0 ? "Every one was found." : $"{missed} were not found.");
return missed == 0 ? 0 : 1;

void CopyTree()
{
    Directory.CreateDirectory(copy);
    foreach (string file in Run("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], root).Output.Split('\0', StringSplitOptions.RemoveEmptyEntries))
    {
        string target = Path.Combine(copy, file);
        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        if (File.Exists(Path.Combine(root, file)))
        {
            File.Copy(Path.Combine(root, file), target, overwrite: true);
        }
    }
}

(bool IsFound, string How) Try(Mutation mutation)
{
    string file = Path.Combine(copy, mutation.File);
    string original = File.ReadAllText(file);
    string[] parts = original.Split(mutation.Was);
    if (parts.Length != 2)
    {
        return (false, $"its line stands {parts.Length - 1} times in {mutation.File}: mutations.json must be brought up to date");
    }

    string project = Path.Combine("src", mutation.File.Split('/')[1]);
    try
    {
        if (last is not null && last != project)
        {
            Build(last);
        }

        File.WriteAllText(file, string.Join(mutation.Becomes, parts));
        Build(project);
        (int code, string output) = Run(program, ["play", "1", $"{Seeds}", "promises", "quiet"], copy);
        return code == 0 ? (false, $"not found in {Seeds} seeds") : (true, HowFound(output.TrimEnd().Split('\n')));
    }
    finally
    {
        File.WriteAllText(file, original);
        last = project;
    }
}

// The first line says what was seen, the last one with which seed.
static string HowFound(string[] lines)
{
    if (!lines[^1].StartsWith("seed ", StringComparison.Ordinal))
    {
        return lines[0];
    }

    string by = lines[0].Split(':')[0];
    return $"{lines[^1].Split(',')[0]}, by {(by is "books" ? "the books" : by.Length == 2 ? by : "an exception")}";
}

// Only what changed is compiled, and put where the simulation looks for it.
void Build(string project)
{
    Must(Run("dotnet", ["build", project, "-c", Configuration, "-v", "quiet", "--nologo", "--no-restore", "--no-dependencies", "-p:RunAnalyzers=false"], copy));
    string folder = Path.Combine(copy, "artifacts", "bin", Path.GetFileName(project), Configuration.ToLowerInvariant());
    foreach (string assembly in Directory.GetFiles(folder, "*.dll").Where(f => Path.GetFileNameWithoutExtension(f) is var n && (n == Path.GetFileName(project) || n == "kbusd")))
    {
        File.Copy(assembly, Path.Combine(Path.GetDirectoryName(program)!, Path.GetFileName(assembly)), overwrite: true);
    }
}

static (int ExitCode, string Output) Run(string command, string[] arguments, string folder)
{
    var start = new ProcessStartInfo(command, arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
    start.Environment["DOTNET_EnableDiagnostics"] = "0";
    using Process process = Process.Start(start)!;
    Task<string> errors = process.StandardError.ReadToEndAsync();
    Task<string> output = process.StandardOutput.ReadToEndAsync();
    if (!process.WaitForExit(Patience))
    {
        process.Kill(entireProcessTree: true);
        return (1, "a bus that never ends a round");
    }

    process.WaitForExit();
    return (process.ExitCode, output.Result.Length > 0 ? output.Result : errors.Result);
}

static void Must((int ExitCode, string Output) outcome)
{
    if (outcome.ExitCode != 0)
    {
        Console.WriteLine(outcome.Output);
        Environment.Exit(1);
    }
}

static string Document(string rows) => $"""
    # Mutations: one line of the bus changed so that a promise breaks

    Does the simulation (see [guarantees](guarantees.md#simulation)) find faults? Each row is a change of one place in Core. With it built in, seeds are played from
    1 on until one fails, at most {Seeds}. Core's own assertions say nothing there: only what members see counts, and the books when all have gone.
    The changes stand in `tests/Kbus.Simulation/mutations.json`. `dotnet run eng/mutations.cs` tries them all and writes this file.

    | Promise | What the change does | Where | Found with |
    |---|---|---|---|
    {rows}
    """ + "\n";

internal sealed record Mutation(string Breaks, string Name, string File, string Was, string Becomes);

[System.Text.Json.Serialization.JsonSourceGenerationOptions(PropertyNameCaseInsensitive = true)]
[System.Text.Json.Serialization.JsonSerializable(typeof(Mutation[]))]
internal sealed partial class Json : System.Text.Json.Serialization.JsonSerializerContext;
