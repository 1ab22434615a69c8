// Shows that the simulation finds faults: breaks the bus in one place after another, as tests/Kbus.Simulation/mutations.json says, and plays seeds.
//
//   dotnet run eng/mutations.cs                  all of them, each until it is found or 1000 seeds have been played; writes docs/mutations.md
//   dotnet run eng/mutations.cs -- --only TEXT   those whose names match the regular expression TEXT; writes nothing
//
// No source changes: what is broken is compiled from a changed copy of one file, into a folder of artifacts/mutations. Exit code 1 if one is not found.

using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

const int Seeds = 1000;
const int Workers = 3;
const int Patience = 600_000;
const string Configuration = "Simulation";

// Where this file lies, wherever the program was started from.
string root = Path.GetDirectoryName((string)AppContext.GetData("EntryPointFileDirectoryPath")!)!;
string work = Path.Combine(root, "artifacts", "mutations");
string built = Path.Combine(root, "artifacts", "bin", "Kbus.Simulation", "simulation");
string only = args is ["--only", string text] ? text : "";

Console.WriteLine("building ...");
_ = Must(Run("dotnet", ["build", "tests/Kbus.Simulation", "-c", Configuration, "-v", "quiet", "--nologo"], root));
Mutation[] mutations =
[
    .. JsonSerializer.Deserialize(File.ReadAllText(Path.Combine(root, "tests", "Kbus.Simulation", "mutations.json")), Json.Default.MutationArray)!
        .Where(m => Regex.IsMatch(m.Name, only)),
];
Dictionary<string, string[]> compilers = mutations.Select(m => m.Project).Distinct().ToDictionary(p => p, CommandOfCompiler);
_ = Must(Run(Path.Combine(built, "Kbus.Simulation"), ["play", "1", $"{Seeds}", "promises"], root));

(bool IsFound, string How)[] outcomes = new (bool, string)[mutations.Length];
int next = -1;
Thread[] workers = [.. Enumerable.Range(0, Workers).Select(number => new Thread(() => Work(Path.Combine(work, $"{number}"))))];
Array.ForEach(workers, w => w.Start());
Array.ForEach(workers, w => w.Join());
int missed = mutations.Zip(outcomes).Count(m => m.Second.IsFound == m.First.Harmless is not null);
if (only.Length == 0)
{
    IEnumerable<string> rows = mutations.Zip(outcomes).Where(m => m.First.Harmless is null)
        .Select(m => $"| {m.First.Breaks} | {m.First.Name} | `{Path.GetFileName(m.First.File)}` | {m.Second.How} |");
    IEnumerable<string> harmless = mutations.Zip(outcomes).Where(m => m.First.Harmless is not null)
        .Select(m => $"| {m.First.Name} | `{Path.GetFileName(m.First.File)}` | {m.First.Harmless} | {m.Second.How} |");
    File.WriteAllText(Path.Combine(root, "docs", "mutations.md"), Document(string.Join('\n', rows), string.Join('\n', harmless)));
}

Console.WriteLine(missed == 0 ? $"All {mutations.Length} came out as they should." : $"{missed} of {mutations.Length} did not come out as they should.");
return missed == 0 ? 0 : 1;

// Each worker has a copy of the simulation of its own, of which it replaces the one assembly that a mutation changes.
void Work(string folder)
{
    Directory.CreateDirectory(folder);
    for (int i = Interlocked.Increment(ref next); i < mutations.Length; i = Interlocked.Increment(ref next))
    {
        foreach (string file in Directory.GetFiles(built))
        {
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)), overwrite: true);
        }

        outcomes[i] = Try(mutations[i], folder);
        Console.WriteLine($"{mutations[i].Breaks}  {mutations[i].Name}: {outcomes[i].How}");
    }
}

(bool IsFound, string How) Try(Mutation mutation, string folder)
{
    string[] parts = File.ReadAllText(Path.Combine(root, mutation.File)).Split(mutation.Was);
    if (parts.Length != 2)
    {
        return (false, $"its line stands {parts.Length - 1} times in {mutation.File}: mutations.json must be brought up to date");
    }

    string changed = Path.Combine(folder, "changed.cs");
    File.WriteAllText(changed, string.Join(mutation.Becomes, parts));
    string project = Path.Combine(root, "src", mutation.Project);
    string original = Path.GetRelativePath(project, Path.Combine(root, mutation.File));

    // A file with a comma in its name is taken for two; it says for which framework the assembly is, which nobody asks here.
    IEnumerable<string> arguments = compilers[mutation.Project].Skip(1).Where(a => !a.Contains(",Version=", StringComparison.Ordinal))
        .Where(a => !a.StartsWith("/doc:", StringComparison.Ordinal) && !a.StartsWith("/refout:", StringComparison.Ordinal))
        .Select(a => a == original ? changed
            : a.StartsWith("/out:", StringComparison.Ordinal) ? $"/out:{Path.Combine(folder, Path.GetFileName(a))}" : a)
        .Select(a => $"\"{a}\"");
    string response = Path.Combine(folder, "arguments.rsp");
    File.WriteAllLines(response, arguments);
    (int failed, string messages) = Run(compilers[mutation.Project][0], ["/shared", "/noconfig", $"@{response}"], project);
    if (failed != 0)
    {
        return (false, $"does not compile: {messages}");
    }

    (int code, string output) = Run(Path.Combine(folder, "Kbus.Simulation"), ["play", "1", $"{Seeds}", "promises", "quiet"], root);
    return code == 0 ? (false, $"not found in {Seeds} seeds") : (true, HowFound(output.TrimEnd().Split('\n')));
}

// What the build calls to compile a project: the compiler, and its arguments.
string[] CommandOfCompiler(string project)
{
    string output = Must(Run(
        "dotnet",
        ["build", $"src/{project}", "-c", Configuration, "-v:n", "--nologo", "--no-restore", "--no-dependencies", "--no-incremental", "-p:RunAnalyzers=false"],
        root));
    string line = output.Split('\n').First(l => l.Contains(" /noconfig ", StringComparison.Ordinal));
    return [.. Regex.Matches(line, "(\"[^\"]*\"|[^ \"])+").Select(m => m.Value.Replace("\"", "")).Where(a => a != "/noconfig")];
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
        return (1, "a round of the bus never ends");
    }

    return (process.ExitCode, output.Result.Length > 0 ? output.Result : errors.Result);
}

static string Must((int ExitCode, string Output) outcome)
{
    if (outcome.ExitCode != 0)
    {
        Console.WriteLine(outcome.Output);
        Environment.Exit(1);
    }

    return outcome.Output;
}

static string Document(string rows, string harmless) => string.Create(CultureInfo.InvariantCulture, $"""
    # Mutations: one place of the bus changed so that a promise breaks

    Does the simulation ([guarantees](guarantees.md#simulation)) find faults? Each row is a change of one place in Core, in the
    daemon or in the policy. The simulation runs with this change, from seed 1 on, until a seed fails, at most {Seeds}. Core's own assertions are switched off.
    Only what members see counts, and what is left when all have gone.

    `tests/Kbus.Simulation/mutations.json` has the changes. `./test --mutations` tries them all and writes this file.

    | Promise | What the change does | Where | Found with |
    |---|---|---|---|
    {rows}

    These change a line, too, but break no promise, so nothing should be found:

    | What the change does | Where | Why nobody sees it | Found with |
    |---|---|---|---|
    {harmless}

    """);

internal sealed record Mutation(string Breaks, string Name, string File, string Was, string Becomes, string? Harmless = null)
{
    public string Project => File.Split('/')[1];
}

[System.Text.Json.Serialization.JsonSourceGenerationOptions(PropertyNameCaseInsensitive = true)]
[System.Text.Json.Serialization.JsonSerializable(typeof(Mutation[]))]
internal sealed partial class Json : System.Text.Json.Serialization.JsonSerializerContext;
