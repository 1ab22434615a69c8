using System.Text;

namespace Kbus.Cli.Tests;

/// <summary>A daemon of the test's own, and the command run against it.</summary>
internal sealed class PrivateBus : IDisposable
{
    private readonly DirectoryInfo _directory = System.IO.Directory.CreateTempSubdirectory("kbus-");
    private readonly Program _daemon;

    public PrivateBus(params string[] options)
    {
        _daemon = Program.Start(Program.Kbusd, new Dictionary<string, string?>(), ["--runtime-dir", Directory, .. options]);

        // It says that it has started when Ksocks can be opened.
        Assert.StartsWith("kbusd ", _daemon.Note(), StringComparison.Ordinal);
    }

    public string Directory => _directory.FullName;

    /// <summary>What the command finds in its environment.</summary>
    public IReadOnlyDictionary<string, string?> Environment => EnvironmentOf(Directory);

    /// <summary>The environment that leads to a directory and nowhere else.</summary>
    public static IReadOnlyDictionary<string, string?> EnvironmentOf(string directory) => new Dictionary<string, string?>
    {
        ["KBUS_RUNTIME_DIR"] = directory,
        ["KBUS_AUTOSTART"] = "0",
        ["KBUS_DAEMON"] = Program.Kbusd,
        ["NO_COLOR"] = null,
        ["COLUMNS"] = null,
    };

    /// <summary>Starts the command.</summary>
    public Program Start(params string[] args) => Program.Start(Program.Kbus, Environment, args);

    /// <summary>Starts a verb that binds, and waits until it is bound.</summary>
    public Program StartBound(params string[] args)
    {
        Program program = Start(args);
        string? note = program.Note();
        Assert.True(note?.Contains(", as Ksock ", StringComparison.Ordinal), note);
        return program;
    }

    /// <summary>Runs the command to its end.</summary>
    public Ended Run(params string[] args)
    {
        using Program program = Start(args);
        return program.End();
    }

    /// <summary>Runs the command to its end with something on its standard input.</summary>
    public Ended RunWithInput(string input, params string[] args)
    {
        using Program program = Start(args);
        program.Feed(Encoding.UTF8.GetBytes(input));
        return program.End();
    }

    /// <summary>Has bash run a line in which <c>kbus</c> is the command, for arguments that are no text.</summary>
    public Ended RunLine(string line)
    {
        using Program shell = Program.Start("/bin/bash", Environment, "-c", $"kbus() {{ '{Program.Kbus}' \"$@\"; }}; {line}");
        return shell.End();
    }

    /// <summary>Makes a pipe with a name: who opens one end waits until the other is opened.</summary>
    /// <returns>Its path.</returns>
    public string MakeFifo(string name)
    {
        string path = Path.Join(Directory, name);
        using Program make = Program.Start("mkfifo", Environment, path);
        Assert.Equal(0, make.End().Code);
        return path;
    }

    /// <summary>Opens a Ksock in this process.</summary>
    public Ksock Open() => Ksock.Open(0, options: new KsockOptions { RuntimeDirectory = Directory, StartDaemon = false, OpenTimeout = TimeSpan.FromMinutes(3) });

    /// <summary>Kills the daemon without a word, as kill -9 does.</summary>
    public void KillDaemon() => _daemon.Signal("KILL");

    public void Dispose()
    {
        _daemon.Signal("TERM");
        _daemon.End();
        _daemon.Dispose();
        _directory.Delete(recursive: true);
    }
}
