using System.Diagnostics;

namespace Kbus.Play;

/// <summary>The actors on their stage: buses of their own, and for each actor or Limpet a process that is started when it enters.</summary>
/// <remarks>One thread directs; <see cref="Stop"/> may be called by any. When it has been disposed of, no process and no file is
/// left.</remarks>
/// <param name="buses">The number of buses.</param>
internal sealed class Company(int buses) : IDisposable
{
    private static readonly TimeSpan ExitLimit = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Process> _actors = [];
    private readonly PrivateDaemon _daemon = new(buses);
    private bool _isStopped;

    /// <summary>Where the bus is.</summary>
    public string Directory => _daemon.Directory;

    /// <summary>Has an actor do something, and gives what came of it.</summary>
    /// <exception cref="PlayException">The actor has gone.</exception>
    public string Perform(Role role, Deed deed)
    {
        return deed.Kind switch
        {
            DeedKind.Sit => LimpetOnStage.TellsOfLink(Enter(role, ["limpet", .. deed.Arguments])),
            DeedKind.MeetPair => LimpetOnStage.TellsOfPair(Actor(role)),
            DeedKind.Leave => LimpetOnStage.Leaves(Actor(role), ExitLimit),
            _ => Obeys(Actor(role), deed),
        } ?? throw Gone(role);
    }

    /// <summary>Ends the play at once. A thread that waits for an actor finds that it has gone.</summary>
    public void Stop()
    {
        lock (_lock)
        {
            // A second call does not wait until everything is in order.
            if (_isStopped)
            {
                return;
            }

            _isStopped = true;
            foreach (Process actor in _actors.Values)
            {
                Termination.Ask(actor);
            }
        }
    }

    /// <summary>Ends all processes and removes what they had.</summary>
    public void Dispose()
    {
        Stop();
        foreach (Process actor in _actors.Values)
        {
            Termination.Await(actor, ExitLimit);
            actor.Dispose();
        }

        _actors.Clear();
        _daemon.Dispose();
    }

    /// <summary>Sends a command to an actor.</summary>
    /// <returns>What came of it; null if the actor has gone.</returns>
    private static string? Obeys(Process actor, Deed deed)
    {
        try
        {
            actor.StandardInput.WriteLine(deed.ToString());
            actor.StandardInput.Flush();
        }
        catch (IOException)
        {
            return null;
        }

        string? answer = actor.StandardOutput.ReadLine();
        return answer is null || (deed.Kind == DeedKind.Exit && !actor.WaitForExit(ExitLimit)) ? null : Deed.Lines(answer);
    }

    private Process Actor(Role role) => Enter(role, ["play", "--actor", role.Name]);

    /// <summary>The process of a role, started if there is none yet.</summary>
    private Process Enter(Role role, string[] arguments)
    {
        lock (_lock)
        {
            if (_isStopped)
            {
                throw Gone(role);
            }

            if (!_actors.TryGetValue(role.Name, out Process? actor))
            {
                ProcessStartInfo start = OwnProgram.Start(arguments);
                start.RedirectStandardInput = true;
                start.RedirectStandardOutput = true;
                start.WorkingDirectory = Directory;
                start.Environment["KBUS_RUNTIME_DIR"] = Directory;
                start.Environment["KBUS_AUTOSTART"] = "0";
                actor = Process.Start(start)!;
                _actors.Add(role.Name, actor);
            }

            return actor;
        }
    }

    private static PlayException Gone(Role role) =>
        new(isWithoutBus: false, $"{role.Name} has left the stage in the middle of the play. Was the process ended from outside, or did it take too long?");
}
