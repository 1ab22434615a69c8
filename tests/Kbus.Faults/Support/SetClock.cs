using System.Diagnostics;

namespace Kbus.Faults;

/// <summary>A real-time clock that a test sets for the processes that it starts so, while they run; the machine's stays.</summary>
internal sealed class SetClock : IDisposable
{
    private static readonly TimeSpan Years = TimeSpan.FromDays(3650);
    private readonly string _directory = Directory.CreateTempSubdirectory("kbus-clock-").FullName;
    private bool _isAhead;

    public SetClock()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/gcc"), "there is no gcc");
        string source = Path.Join(AppContext.BaseDirectory, "programs", "clock.c"), library = Path.Join(_directory, "clock.so");
        using Process compiler = Process.Start("/usr/bin/gcc", ["-std=gnu11", "-O1", "-shared", "-fPIC", "-Wall", "-Wextra", "-Werror", source, "-o", library]);
        compiler.WaitForExit();
        Assert.Equal(0, compiler.ExitCode);
        File.WriteAllBytes(ClockFile, new byte[sizeof(long)]);
        Through = ["/usr/bin/env", $"LD_PRELOAD={library}", $"KBUS_TEST_CLOCK={ClockFile}"];
    }

    /// <summary>What a program is started through to have this clock.</summary>
    public string[] Through { get; }

    private string ClockFile => Path.Join(_directory, "clock");

    /// <summary>Sets it ten years ahead, the next time ten years back, and so on.</summary>
    public void Jump()
    {
        _isAhead = !_isAhead;
        using FileStream file = File.OpenWrite(ClockFile);
        file.Write(BitConverter.GetBytes((long)(_isAhead ? Years : -Years).TotalSeconds));
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);
}
