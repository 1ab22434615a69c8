using System.Diagnostics;

namespace Kbus.Faults;

/// <summary>A process of ours that plays a role on a bus. It ends when told to, when killed, or when this process ends.</summary>
internal sealed class Actor : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(180);
    private readonly Process _process;

    private Actor(Process process) => _process = process;

    public int Id => _process.Id;

    /// <summary>Starts an actor; <see cref="Ready"/> waits until it plays.</summary>
    public static Actor Start(string role, string directory, params string[] arguments) => StartThrough([], role, directory, arguments);

    /// <summary>Starts an actor through another program, which becomes it.</summary>
    /// <param name="through">The program and its arguments, to which the actor's are added; none to start it straight.</param>
    /// <param name="role">The role.</param>
    /// <param name="directory">Where the daemon's sockets are.</param>
    /// <param name="arguments">What the role needs besides.</param>
    public static Actor StartThrough(IReadOnlyList<string> through, string role, string directory, params string[] arguments)
    {
        string[] command = [.. through, Environment.ProcessPath!, "actor", role, directory, .. arguments];
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };

        // Many of them at once on few processors: no background compilation, and little memory each.
        start.Environment["DOTNET_TieredCompilation"] = "0";
        start.Environment["DOTNET_gcServer"] = "0";
        return new Actor(Process.Start(start)!);
    }

    /// <summary>Waits until it plays its role.</summary>
    public Actor Ready()
    {
        Assert.Equal("ready", Hear());
        return this;
    }

    /// <summary>The next line that it says.</summary>
    public string Hear()
    {
        Task<string?> line = _process.StandardOutput.ReadLineAsync();
        bool inTime = Task.WaitAny([line], Patience) == 0;
        Assert.True(inTime, $"actor {Id} says nothing");
        return line.GetAwaiter().GetResult() ?? throw new InvalidOperationException($"Actor {Id} ended unasked.");
    }

    /// <summary>Tells it something.</summary>
    public void Say(string line)
    {
        _process.StandardInput.WriteLine(line);
        _process.StandardInput.Flush();
    }

    /// <summary>Ends it as kill -9 does, and waits until it is gone.</summary>
    public void Kill()
    {
        Signals.Send(Id, Signals.Kill);
        _process.WaitForExit();
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            _process.WaitForExit();
        }

        _process.Dispose();
    }
}
