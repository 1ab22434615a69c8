// Shows that the simulation finds faults: breaks the bus in one place after another, as tests/Kbus.Simulation/mutations.json says, and plays seeds.
//
//   dotnet run eng/mutations.cs                  all of them, each until it is found or 1000 seeds have been played; writes docs/mutations.md
//   dotnet run eng/mutations.cs -- --only TEXT   those whose names match the regular expression TEXT
//   dotnet run eng/mutations.cs -- --workers N   so many at a time (3)
//
// What has come of each is kept in artifacts/mutations. So all of them can be tried in pieces, and one that was interrupted goes on. It counts as
// long as nothing has changed that they are tried on. docs/mutations.md is written when all have been tried.
//
// No source changes: what is broken is compiled from a changed copy of one file, into a folder of artifacts/mutations. Exit code 1 if one is not found.

using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.RegularExpressions;

const int Seeds = 1000;
const int UsualWorkers = 3;
const int Patience = 600_000;
const string Configuration = "Simulation";

// Where this file lies, wherever the program was started from.
string root = Path.GetDirectoryName((string)AppContext.GetData("EntryPointFileDirectoryPath")!)!;
string work = Path.Combine(root, "artifacts", "mutations");
string built = Path.Combine(root, "artifacts", "bin", "Kbus.Simulation", "simulation");
string only = Argument("--only") ?? "";
int workerCount = int.Parse(Argument("--workers") ?? $"{UsualWorkers}", CultureInfo.InvariantCulture);
string kept = Path.Combine(work, "outcomes.json");

Console.WriteLine("building ...");
_ = Must(Run("dotnet", ["build", "tests/Kbus.Simulation", "-c", Configuration, "-v", "quiet", "--nologo"], root));
Mutation[] all = JsonSerializer.Deserialize(File.ReadAllText(Path.Combine(root, "tests", "Kbus.Simulation", "mutations.json")), Json.Default.MutationArray)!;
string state = State();
Dictionary<string, Outcome> outcomes = File.Exists(kept) ? JsonSerializer.Deserialize(File.ReadAllText(kept), Json.Default.DictionaryStringOutcome)! : [];
Mutation[] mutations = [.. all.Where(m => Regex.IsMatch(m.Name, only) && OutcomeOf(m) is null)];
Dictionary<string, string[]> compilers = mutations.Select(m => m.Project).Distinct().ToDictionary(p => p, CommandOfCompiler);
_ = Must(Run(Path.Combine(built, "Kbus.Simulation"), ["play", "1", $"{Seeds}", "promises"], root));

int next = -1;
var writing = new Lock();
Thread[] workers = [.. Enumerable.Range(0, workerCount).Select(number => new Thread(() => Work(Path.Combine(work, $"{number}"))))];
Array.ForEach(workers, w => w.Start());
Array.ForEach(workers, w => w.Join());
Mutation[] tried = [.. all.Where(m => OutcomeOf(m) is not null)];
int missed = tried.Count(m => OutcomeOf(m)!.IsFound == m.Harmless is not null);
if (tried.Length == all.Length)
{
    IEnumerable<string> rows = all.Where(m => m.Harmless is null)
        .Select(m => $"| {m.Breaks} | {m.Name} | `{Path.GetFileName(m.File)}` | {OutcomeOf(m)!.How} |");
    IEnumerable<string> harmless = all.Where(m => m.Harmless is not null)
        .Select(m => $"| {m.Name} | `{Path.GetFileName(m.File)}` | {m.Harmless} | {OutcomeOf(m)!.How} |");
    File.WriteAllText(Path.Combine(root, "docs", "mutations.md"), Document(string.Join('\n', rows), string.Join('\n', harmless)));
}

Console.WriteLine($"{tried.Length} of {all.Length} have been tried, and {missed} of them did not come out as they should.");
return missed == 0 ? 0 : 1;

string? Argument(string name) => Array.IndexOf(args, name) is >= 0 and int place && place + 1 < args.Length ? args[place + 1] : null;

// What they are tried on: all that was built for the simulation.
string State() => Convert.ToHexString(SHA256.HashData(
    [.. Directory.GetFiles(built, "*.dll").Order(StringComparer.Ordinal).Where(f => Path.GetFileName(f).StartsWith("Kbus", StringComparison.OrdinalIgnoreCase)).SelectMany(f => SHA256.HashData(File.ReadAllBytes(f)))]));

Outcome? OutcomeOf(Mutation mutation) => outcomes.TryGetValue(mutation.Name, out Outcome? known) && known.Of == $"{state} {mutation.Was} {mutation.Becomes}" ? known : null;

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

        (bool isFound, string how) = Try(mutations[i], folder);
        lock (writing)
        {
            outcomes[mutations[i].Name] = new Outcome($"{state} {mutations[i].Was} {mutations[i].Becomes}", isFound, how);
            File.WriteAllText(kept, JsonSerializer.Serialize(outcomes, Json.Default.DictionaryStringOutcome));
            Console.WriteLine($"{mutations[i].Breaks}  {mutations[i].Name}: {how}");
        }
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
    string[] shared = Environment.GetEnvironmentVariable("UseSharedCompilation") == "false" ? [] : ["/shared"];
    (int failed, string messages) = Run(compilers[mutation.Project][0], [.. shared, "/noconfig", $"@{response}"], project);
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

// What came of one; and of what, since that may change.
internal sealed record Outcome(string Of, bool IsFound, string How);

[System.Text.Json.Serialization.JsonSourceGenerationOptions(PropertyNameCaseInsensitive = true)]
[System.Text.Json.Serialization.JsonSerializable(typeof(Mutation[]))]
[System.Text.Json.Serialization.JsonSerializable(typeof(Dictionary<string, Outcome>))]
internal sealed partial class Json : System.Text.Json.Serialization.JsonSerializerContext;
