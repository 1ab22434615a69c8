using System.Globalization;
using Kbus.Limpets;

namespace Kbus.Cli;

/// <summary><c>kbus limpet</c>: keeps a link between a bus and another Limpet.</summary>
internal static class LimpetCommand
{
    /// <summary>Does it.</summary>
    public static int Run(Invocation invocation)
    {
        ParsedArguments arguments = invocation.Arguments;
        if (arguments.IsBare)
        {
            HelpText.Of(arguments.Verb!, invocation.HelpWidth).ForEach(invocation.Output.WriteLine);
            return ExitCode.Done;
        }

        if (arguments.Text(Options.MakeKey) is { } file)
        {
            invocation.Output.WriteLine(KeyFiles.Make(file));
            return ExitCode.Done;
        }

        if (arguments.Text(Options.CheckFile) is { } checkedFile)
        {
            return LimpetService.Check(invocation, checkedFile);
        }

        if (arguments.Has(Options.Health))
        {
            return LimpetSight.Health(invocation);
        }

        if (arguments.Has(Options.Metrics))
        {
            return LimpetSight.Metrics(invocation);
        }

        if (arguments.Text(Options.Config) is { } config)
        {
            return LimpetService.Run(invocation, config);
        }

        using var stopping = new CancellationTokenSource();
        var lines = new LimpetLines(
            invocation.Output, LimpetArguments.Verbosity(invocation), LimpetArguments.Log(invocation), LimpetArguments.NetworkId(invocation), invocation.Time, stopping.Cancel);
        LimpetAddress address = LimpetArguments.Address(invocation);
        LimpetOptions options = LimpetArguments.LimpetOptions(invocation, lines);
        LimpetSecurity security = LimpetArguments.Security(invocation);
        _ = arguments.Number(Options.ReadyFd);
        invocation.Ending.Add(stopping.Cancel);
        lines.Say(Beginning(invocation, address, options));
        if (security.AllowPlain && address.Path is null)
        {
            invocation.Warn("warning: the link is not protected; anybody on the way can read and change messages.");
        }

        using var first = new FirstKsock(options.Open);
        uint ksock = Opened(first);
        lines.Say($"Opened KBUS device {options.Device}, as Ksock {ksock}");
        if (security.Certificate is { } certificate)
        {
            lines.Say($"This Limpet's key, for --tls-pin of the other: {LimpetSecurity.KeyOf(certificate)}");
        }

        if (options.TerminationMessage is { } name)
        {
            lines.Say($"Terminate by sending a message named '{name}'");
        }

        LimpetEnding ending = Link(invocation, address, options with { OpenKsock = first.Take }, security, lines, stopping.Token);
        lines.Say("Limpet closed");
        lines.Check();
        return invocation.Ending.ExitCode ?? ExitCodeOf(ending);
    }

    private static LimpetEnding Link(
        Invocation invocation, LimpetAddress address, LimpetOptions options, LimpetSecurity security, LimpetLines lines, CancellationToken stopping)
    {
        bool isOnce = invocation.Arguments.Has(Options.Once);
        try
        {
            if (!LimpetArguments.IsServer(invocation))
            {
                int links = 0;
                options = options with
                {
                    Linked = limpet =>
                    {
                        lines.TellPeer(limpet);
                        if (Interlocked.Increment(ref links) == 1)
                        {
                            TellReady(invocation, address);
                        }
                    },
                };
                var client = new LimpetClient(address, options, security);
                using StateSocket shown = LimpetSight.Open(invocation, () => client.Report, options);
                return client.RunAsync(isOnce, stopping).GetAwaiter().GetResult();
            }

            using LimpetServer server = LimpetServer.ListenAsync(address, options, security, stopping).GetAwaiter().GetResult();
            using StateSocket state = LimpetSight.Open(invocation, () => server.Report, options);
            lines.Say($"Listening for a connection at {server.Address}");
            TellReady(invocation, server.Address);
            return server.RunAsync(isOnce, stopping).GetAwaiter().GetResult();
        }
        catch (LimpetException e)
        {
            lines.Check();
            throw new CommandException(e.InnerException is KbusException ? ExitCode.NoBus : e.IsRefused ? ExitCode.Refused : ExitCode.Failed, e.Message, e);
        }
        catch (OperationCanceledException)
        {
            throw new CommandException(ExitCode.Failed, "");
        }
    }

    private static uint Opened(FirstKsock first)
    {
        try
        {
            return first.Open();
        }
        catch (KbusException e)
        {
            throw new CommandException(ExitCode.NoBus, e.Message, e);
        }
    }

    private static string Beginning(Invocation invocation, LimpetAddress address, LimpetOptions options)
    {
        string side = LimpetArguments.IsServer(invocation) ? "Server" : "Client";
        string via = address.Path is { } path
            ? $"Unix domain socket '{path}'"
            : $"TCP/IP, address '{address.Host}' port {address.Port.ToString(CultureInfo.InvariantCulture)}";
        string names = string.Join(", ", options.MessageNames.Select(n => $"'{n}'"));
        return $"Limpet: {side} via {via} for KBUS {options.Device}, using network id {options.NetworkId}, listening for {names}";
    }

    /// <summary>Writes an address to the descriptor that was named, if one was, and closes it.</summary>
    internal static void TellReady(Invocation invocation, LimpetAddress address)
    {
        if (invocation.Arguments.Number(Options.ReadyFd) is { } descriptor)
        {
            var ready = new LineOutput((int)descriptor);
            ready.WriteLine($"{address}");
            ready.Close();
        }
    }

    private static int ExitCodeOf(LimpetEnding ending) => ending.Kind switch
    {
        LimpetEndingKind.Terminated => ExitCode.Done,
        LimpetEndingKind.BusGone => throw new CommandException(ExitCode.NoBus, ending.Text),
        LimpetEndingKind.Loop => throw new CommandException(ExitCode.Ring, ending.Text),
        _ => throw new CommandException(ExitCode.Failed, ending.Text),
    };
}
