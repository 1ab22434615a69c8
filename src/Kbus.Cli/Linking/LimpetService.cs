using Kbus.Limpets;

namespace Kbus.Cli;

/// <summary><c>kbus limpet --config FILE</c>: one server for many peers, whose file SIGHUP reads again.</summary>
internal static class LimpetService
{
    /// <summary>Checks a file, with the files that it names.</summary>
    public static int Check(Invocation invocation, string path)
    {
        LimpetFile file = LimpetFile.Read(path, new LimpetOptions());
        using System.Security.Cryptography.X509Certificates.X509Certificate2? certificate = file.Security(invocation.Warn).Certificate;
        invocation.Output.WriteLine($"{TerminalText.Of(path)}: {file.Peers.Count} peer{(file.Peers.Count == 1 ? "" : "s")}, and nothing is wrong with the file.");
        return ExitCode.Done;
    }

    /// <summary>Serves until a signal comes.</summary>
    public static int Run(Invocation invocation, string path)
    {
        using var stopping = new CancellationTokenSource();
        LimpetOptions before = LimpetArguments.ServiceOptions(invocation);
        LimpetFile file = LimpetFile.Read(path, before);
        var lines = new LimpetLines(
            invocation.Output, LimpetArguments.Verbosity(invocation), LimpetArguments.Log(invocation), file.NetworkId, invocation.Time, stopping.Cancel);
        LimpetOptions options = before with { NetworkId = file.NetworkId, Log = lines.Tell };
        LimpetSecurity security = file.Security(invocation.Warn);
        invocation.Ending.Add(stopping.Cancel);
        lines.Say($"Limpet: Server at {file.Listen} for {file.Peers.Count} peers, using network id {file.NetworkId}");
        if (security.Certificate is { } certificate)
        {
            lines.Say($"This Limpet's key, for --tls-pin of the others: {LimpetSecurity.KeyOf(certificate)}");
        }

        Serve(invocation, path, file, options, security, lines, stopping.Token);
        lines.Say("Limpet closed");
        lines.Check();
        return invocation.Ending.ExitCode ?? ExitCode.Done;
    }

    private static void Serve(
        Invocation invocation, string path, LimpetFile file, LimpetOptions options, LimpetSecurity security, LimpetLines lines, CancellationToken stopping)
    {
        try
        {
            using LimpetServer server = LimpetServer.ListenAsync(file.Listen, Told(file.Peers, lines), options, security, stopping).GetAwaiter().GetResult();
            using StateSocket state = LimpetSight.Open(invocation, () => server.Report, options);
            lines.Say($"Listening for connections at {server.Address}");
            LimpetCommand.TellReady(invocation, server.Address);
            invocation.Ending.HangUp = () => Reload(invocation, path, file, options, server, lines);
            _ = server.RunAsync(isOnce: false, stopping).GetAwaiter().GetResult();
            invocation.Ending.HangUp = null;
        }
        catch (LimpetException e)
        {
            lines.Check();
            throw new CommandException(ExitCode.Failed, e.Message, e);
        }
        catch (OperationCanceledException)
        {
            throw new CommandException(ExitCode.Failed, "");
        }
    }

    /// <summary>Reads the file again. If anything is wrong with it, all stays as it is.</summary>
    private static void Reload(Invocation invocation, string path, LimpetFile first, LimpetOptions options, LimpetServer server, LimpetLines lines)
    {
        try
        {
            LimpetFile file = LimpetFile.Read(path, options);
            string? fixedNow = file.Listen != first.Listen ? "listen" : file.NetworkId != first.NetworkId ? "id" : null;
            if (fixedNow is not null)
            {
                lines.Say($"{path} was read again, and \"{fixedNow}\" has changed. That needs a new start; all stays as it is.", LimpetLogLevel.Warning);
                return;
            }

            IReadOnlyList<string> gone = server.Change(Told(file.Peers, lines), file.Security(invocation.Warn));
            lines.Say($"{path} was read again: {file.Peers.Count} peers. {(gone.Count == 0 ? "No link has ended." : $"Changed or gone, so that their links end: {string.Join(", ", gone)}.")}");
        }
        catch (Exception e) when (e is CommandException or ArgumentException)
        {
            lines.Say($"{path} was read again and is not used, all stays as it is: {e.Message}", LimpetLogLevel.Warning);
        }
    }

    /// <summary>Each peer's lines begin with its name.</summary>
    private static List<LimpetPeer> Told(IReadOnlyList<LimpetPeer> peers, LimpetLines lines) =>
    [
        .. peers.Select(peer => peer with
        {
            Options = peer.Options with
            {
                Log = (level, line) => lines.Tell(level, $"{peer.Name}: {line}"),
                Trace = lines.HasTrace ? line => lines.Trace($"{peer.Name}: {line}") : null,
            },
        }),
    ];
}
