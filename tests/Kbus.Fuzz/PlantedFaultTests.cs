using System.Diagnostics;
using System.Globalization;

namespace Kbus.Fuzz;

/// <summary>The targets find a fault that is planted in what they play, beginning with the corpora of this tree, and in what is whole they find none.</summary>
public sealed class PlantedFaultTests : IDisposable
{
    private const int Seed = 1;
    private readonly string _folder = Directory.CreateTempSubdirectory("kbus-planted-").FullName;

    public static TheoryData<string> Names => [.. Targets.All.Select(t => t.Name)];

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    /// <param name="target">What is played.</param>
    /// <param name="executions">How many inputs at most.</param>
    /// <param name="assembly">Where the fault is planted.</param>
    /// <param name="type">The type.</param>
    /// <param name="method">The method.</param>
    /// <param name="was">A constant in its code, in hexadecimal, with the instruction that loads it, and perhaps with the next one.</param>
    /// <param name="becomes">What stands there instead: a check that lets through what it should not.</param>
    [Theory]
    [InlineData("commands", 20_000, "Kbus.Link", "CommandConsumer", "TryRead", "1F1034", "1F0034")] // a command that is shorter than its own head
    [InlineData("frames", 20_000, "Kbus.Limpet", "FrameReader", "Check", "20E8030000", "20EB030000")] // a name of 1001 to 1003 bytes
    [InlineData("handshake", 20_000, "Kbus.Link", "BusWelcome", "DecodeReasonLength", "2000040000", "20FFFFFF7F")] // a reason of any length
    public void A_fault_that_is_planted_is_found(string target, int executions, string assembly, string type, string method, string was, string becomes)
    {
        foreach (string file in Directory.GetFiles(AppContext.BaseDirectory, "*", SearchOption.AllDirectories))
        {
            string copy = Path.Combine(_folder, Path.GetRelativePath(AppContext.BaseDirectory, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }

        PlantedFault.Plant(Path.Combine(_folder, assembly + ".dll"), type, method, Convert.FromHexString(was), Convert.FromHexString(becomes));
        (int code, string said) = Run(_folder, target, executions);
        Assert.True(code == 1 && said.StartsWith("found after ", StringComparison.Ordinal), $"exit code {code}: {said}");
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void In_what_is_whole_nothing_is_found(string target)
    {
        (int code, string said) = Run(AppContext.BaseDirectory, target, 1000);
        Assert.True(code == 0, said);
    }

    private static (int Code, string Said) Run(string folder, string target, int executions)
    {
        string[] arguments = ["hunt", target, executions.ToString(CultureInfo.InvariantCulture), Seed.ToString(CultureInfo.InvariantCulture)];
        var start = new ProcessStartInfo(Path.Combine(folder, Path.GetFileName(Environment.ProcessPath!)), arguments) { RedirectStandardOutput = true };
        using Process process = Process.Start(start)!;
        string said = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, said);
    }
}
