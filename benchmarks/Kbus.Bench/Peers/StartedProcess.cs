using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;

namespace Kbus.Bench.Peers;

/// <summary>A program that a measurement started, and what it says.</summary>
/// <remarks>It is started through <c>setpriv</c>, where there is one, so that the kernel ends it if we are killed ourselves.</remarks>
internal sealed class StartedProcess : IDisposable
{
    private const string SetPriv = "/usr/bin/setpriv";
    private readonly BlockingCollection<string?> _lines = [];
    private readonly List<string> _said = [];
    private readonly Process _process;
    private readonly string _name;
    private int _openStreams = 2;

    /// <summary>Starts a program.</summary>
    /// <param name="program">Its path.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="environment">What is added to its environment.</param>
    public StartedProcess(string program, IEnumerable<string> arguments, params (string Name, string Value)[] environment)
    {
        _name = Path.GetFileName(program);
        ProcessStartInfo start = File.Exists(SetPriv)
            ? new ProcessStartInfo(SetPriv, ["--pdeathsig", "KILL", program, .. arguments])
            : new ProcessStartInfo(program, arguments);
        start.RedirectStandardInput = start.RedirectStandardOutput = start.RedirectStandardError = true;
        foreach ((string name, string value) in environment)
        {
            start.Environment[name] = value;
        }

        _process = Process.Start(start)!;
        _process.StandardInput.Close();
        _process.OutputDataReceived += (_, line) => Heard(line.Data);
        _process.ErrorDataReceived += (_, line) => Heard(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>Its process id.</summary>
    public int Id => _process.Id;

    /// <summary>True once it has ended.</summary>
    public bool HasEnded => _process.HasExited;

    /// <summary>Waits for a line that is wanted.</summary>
    /// <exception cref="PeerException">It ended, or the time did.</exception>
    public string WaitForLine(Func<string, bool> isWanted, TimeSpan limit)
    {
        long start = Stopwatch.GetTimestamp();
        while (limit - Stopwatch.GetElapsedTime(start) is { Ticks: > 0 } left)
        {
            if (_lines.TryTake(out string? line, left))
            {
                if (line is null)
                {
                    throw Failed("ended too early");
                }

                _said.Add(line);
                if (isWanted(line))
                {
                    return line;
                }
            }
        }

        throw Failed(string.Create(CultureInfo.InvariantCulture, $"did not answer within {limit.TotalSeconds:F0} s"));
    }

    /// <summary>Waits until it ends by itself, and gives the figures of its last line.</summary>
    /// <exception cref="PeerException">It ended with an error, gave no figures, or did not end in time.</exception>
    public Figures WaitForFigures(TimeSpan limit)
    {
        string line = WaitForLine(l => l.Contains('='), limit);
        if (!_process.WaitForExit(limit))
        {
            throw Failed("did not end");
        }

        return _process.ExitCode == 0 ? Figures.Parse(line) : throw Failed("failed");
    }

    /// <summary>Waits until it ends by itself, whatever comes of it.</summary>
    public void WaitForEnd(TimeSpan limit) => _process.WaitForExit(limit);

    /// <summary>Ends it, by its own id, and takes note of its end.</summary>
    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        _process.WaitForExit();
        _process.Dispose();
        _lines.Dispose();
    }

    /// <summary>Ends it now, from whatever thread, without waiting.</summary>
    public void Kill()
    {
        try
        {
            _process.Kill();
        }
        catch (InvalidOperationException)
        {
            // It has ended, and perhaps been disposed of, already.
        }
    }

    private void Heard(string? line)
    {
        try
        {
            if (line is not null || Interlocked.Decrement(ref _openStreams) == 0)
            {
                _lines.Add(line);
            }
        }
        catch (ObjectDisposedException)
        {
            // Nobody is interested any more.
        }
    }

    private PeerException Failed(string what)
    {
        while (_lines.TryTake(out string? line))
        {
            _said.Add(line ?? "");
        }

        string said = string.Join(" / ", _said.Where(s => s.Length > 0).TakeLast(3));
        return new PeerException($"{_name} {what}{(said.Length == 0 ? "" : ": " + said)}");
    }
}
