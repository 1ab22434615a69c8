using System.Diagnostics;

namespace Kbus.Bench.Hostile;

/// <summary>A process of this program that plays a part: an attacker, or one of the honest pair. The kernel ends it if we are killed ourselves.</summary>
internal sealed class PlayedPart : IDisposable
{
    private const string SetPriv = "/usr/bin/setpriv";
    private readonly Process _process;

    /// <summary>Starts it.</summary>
    public PlayedPart(params string[] arguments)
    {
        string[] command = [Environment.ProcessPath!, Actors.Marker, HostileCommand.Name, .. arguments];

        // A process that becomes another user loses what is set here, and sees its input end instead.
        command = File.Exists(SetPriv) ? [SetPriv, "--pdeathsig", "KILL", .. command] : command;
        var start = new ProcessStartInfo(command[0], command[1..]) { RedirectStandardInput = true, RedirectStandardOutput = true };
        _process = Process.Start(start)!;
    }

    /// <summary>Waits for its next line.</summary>
    /// <returns>Null if none comes in time, or it has ended.</returns>
    public string? Line(TimeSpan limit)
    {
        Task<string?> line = _process.StandardOutput.ReadLineAsync();
        return Task.WaitAny([line], limit) == 0 ? line.GetAwaiter().GetResult() : null;
    }

    /// <summary>Waits until it is ready.</summary>
    public PlayedPart Ready() => Line(TimeSpan.FromSeconds(60)) == "ready" ? this : throw new HostileException("A process of the bench did not become ready.");

    /// <summary>Ends its input, at which it says what it has seen.</summary>
    public void Finish() => _process.StandardInput.Close();

    /// <summary>Ends it as kill -9 does, and waits until it is gone.</summary>
    public void Kill()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        _process.WaitForExit();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Kill();
        _process.Dispose();
    }
}
