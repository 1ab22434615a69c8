using System.Diagnostics;

namespace Kbus.Languages;

/// <summary>A process that plays a role on the bus of a directory. It is gone when this is disposed of.</summary>
internal sealed class Player : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);
    private readonly Process _process;
    private readonly Task<string> _complaints;

    public Player(Language language, string role, string directory)
    {
        ProcessStartInfo start = language.Start(role);
        start.RedirectStandardOutput = start.RedirectStandardError = true;
        start.Environment["KBUS_RUNTIME_DIR"] = directory;
        start.Environment["KBUS_AUTOSTART"] = "0";
        _process = Process.Start(start)!;
        _complaints = _process.StandardError.ReadToEndAsync();
    }

    /// <summary>Waits until it serves.</summary>
    /// <exception cref="InvalidOperationException">It said something else.</exception>
    public async Task Ready()
    {
        if (await _process.StandardOutput.ReadLineAsync().WaitAsync(Patience) != "ready")
        {
            throw new InvalidOperationException($"A player did not begin: {await _complaints.WaitAsync(Patience)}");
        }
    }

    /// <summary>What else it said until its end.</summary>
    /// <exception cref="InvalidOperationException">It did not end well.</exception>
    public async Task<string[]> Said()
    {
        string said = await _process.StandardOutput.ReadToEndAsync().WaitAsync(Patience);
        await _process.WaitForExitAsync().WaitAsync(Patience);
        string complaints = await _complaints.WaitAsync(Patience);
        return _process.ExitCode == 0 && complaints.Length == 0
            ? said.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            : throw new InvalidOperationException($"A player ended with {_process.ExitCode}: {complaints}{said}");
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        _process.Dispose();
    }
}
