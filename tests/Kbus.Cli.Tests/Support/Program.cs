using System.Diagnostics;
using System.Text;

namespace Kbus.Cli.Tests;

/// <summary>A program that runs, mostly the command itself, as a shell would run it; what it says is read here.</summary>
internal sealed class Program : IDisposable
{
    private readonly Process _process;
    private bool _hasStoppedReading;

    private Program(Process process) => _process = process;

    /// <summary>The command.</summary>
    public static string Kbus { get; } = Path.Join(AppContext.BaseDirectory, "Kbus.Cli");

    /// <summary>The daemon.</summary>
    public static string Kbusd { get; } = Path.Join(AppContext.BaseDirectory, "kbusd");

    public int Id => _process.Id;

    /// <summary>Starts a program with some environment; a null value removes a variable.</summary>
    public static Program Start(string program, IReadOnlyDictionary<string, string?> environment, params string[] args)
    {
        var start = new ProcessStartInfo(program, args)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.Latin1,
        };
        foreach ((string name, string? value) in environment)
        {
            start.Environment[name] = value;
        }

        return new Program(Process.Start(start)!);
    }

    /// <summary>The next line of standard error.</summary>
    public string? Note() => _process.StandardError.ReadLine();

    /// <summary>The next line of standard output.</summary>
    public string? Line() => _process.StandardOutput.ReadLine();

    /// <summary>Nobody will read standard output any more.</summary>
    public void StopReading()
    {
        _hasStoppedReading = true;
        _process.StandardOutput.Close();
    }

    /// <summary>Writes to standard input and ends it.</summary>
    public void Feed(ReadOnlySpan<byte> input)
    {
        _process.StandardInput.BaseStream.Write(input);
        _process.StandardInput.Close();
    }

    /// <summary>Writes to standard input, of which more will come.</summary>
    public void Type(string input)
    {
        _process.StandardInput.Write(input);
        _process.StandardInput.Flush();
    }

    /// <summary>Stops the program, and comes back when it stands still.</summary>
    public void Stop()
    {
        Signal("STOP");
        while (!File.ReadLines($"/proc/{Id}/status").Contains("State:\tT (stopped)"))
        {
            // The kernel stops each of its threads.
        }
    }

    /// <summary>Sends a signal, such as <c>TERM</c>.</summary>
    public void Signal(string signal)
    {
        // The shell's own kill: not every machine has a program of that name.
        using Process kill = Process.Start("/bin/sh", ["-c", $"kill -{signal} {Id}"]);
        kill.WaitForExit();
    }

    /// <summary>Waits for the end; what was said before and not read stands in the result.</summary>
    public Ended End()
    {
        Task<string> output = _hasStoppedReading ? Task.FromResult("") : _process.StandardOutput.ReadToEndAsync();
        string errors = _process.StandardError.ReadToEnd();
        _process.WaitForExit();
        return new Ended(_process.ExitCode, output.GetAwaiter().GetResult(), errors);
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            _process.WaitForExit();
        }

        _process.Dispose();
    }
}
