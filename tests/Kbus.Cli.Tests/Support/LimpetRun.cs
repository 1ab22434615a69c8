namespace Kbus.Cli.Tests;

/// <summary>A <c>kbus limpet</c> that runs, and what it says.</summary>
internal sealed class LimpetRun(Program program) : IDisposable
{
    private const string Listening = "Listening for a connection at ";

    /// <summary>The program.</summary>
    public Program Program => program;

    /// <summary>Starts one.</summary>
    public static LimpetRun Start(PrivateBus bus, params string[] args) => new(bus.Start(["limpet", .. args]));

    /// <summary>Starts a server and waits until it listens.</summary>
    /// <returns>It, and where it listens.</returns>
    public static (LimpetRun Server, string Address) Listen(PrivateBus bus, params string[] args)
    {
        LimpetRun server = Start(bus, ["--server", .. args]);
        return (server, server.Await(Listening)[Listening.Length..]);
    }

    /// <summary>Reads lines until one has the text.</summary>
    public string Await(string text)
    {
        var said = new List<string>();
        while (program.Line() is { } line)
        {
            if (line.Contains(text, StringComparison.Ordinal))
            {
                return line;
            }

            said.Add(line);
        }

        throw new InvalidOperationException($"It never said '{text}', but: {string.Join(" / ", said)} / {program.End().Errors}");
    }

    public void Dispose() => program.Dispose();
}
