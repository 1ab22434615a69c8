using System.Reflection;

namespace Kbus.Cli;

/// <summary>Runs the command: reads the arguments, runs the verb, and turns every way in which that can end into an exit code and one
/// line.</summary>
internal static class KbusCommand
{
    /// <summary>The version, as <c>0.1.0</c>.</summary>
    public static string Version { get; } =
        typeof(KbusCommand).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "unknown";

    /// <summary>Runs it.</summary>
    /// <param name="args">The arguments.</param>
    /// <param name="output">Standard output.</param>
    /// <param name="errors">Standard error.</param>
    /// <param name="openInput">Opens standard input.</param>
    /// <returns>The exit code.</returns>
    public static int Run(IReadOnlyList<string> args, LineOutput output, LineOutput errors, Func<Stream> openInput)
    {
        try
        {
            using var ending = new Ending();
            return Run(args, output, errors, openInput, ending);
        }
        catch (Exception e) when (e is OutOfMemoryException or ThreadStartException or TaskSchedulerException)
        {
            errors.WriteLine("kbus: this process can have no more memory, or no further thread. Allow it more (ulimit -u, ulimit -v, the pids and memory controllers).");
            return ExitCode.Failed;
        }
    }

    private static int Run(IReadOnlyList<string> args, LineOutput output, LineOutput errors, Func<Stream> openInput, Ending ending)
    {
        try
        {
            ParsedArguments arguments = ArgumentReader.Read(ExactWords.Of(args));
            return Run(new Invocation(arguments, output, errors, openInput, ending, TimeProvider.System));
        }
        catch (CommandException e)
        {
            return Fail(errors, ending, e.ExitCode, e.Message);
        }
        catch (KbusException e)
        {
            return Fail(errors, ending, e.Errno == Errno.ENODEV ? ExitCode.NoBus : ExitCode.Failed, e.Message);
        }
        catch (Exception e) when (ending.ExitCode is not null && e is ObjectDisposedException or OperationCanceledException)
        {
            return Fail(errors, ending, ExitCode.Failed, "");
        }
    }

    private static int Run(Invocation invocation)
    {
        ParsedArguments arguments = invocation.Arguments;
        if (arguments.Has(Options.Version))
        {
            invocation.Output.WriteLine($"kbus {Version}");
            return ExitCode.Done;
        }

        if (arguments.Has(Options.Help))
        {
            (arguments.Verb is { } of ? HelpText.Of(of, invocation.HelpWidth) : HelpText.OfAll(invocation.HelpWidth)).ForEach(invocation.Output.WriteLine);
            return ExitCode.Done;
        }

        CheckEnvironment(arguments);
        return arguments.Verb is { } verb ? verb.Run(invocation) : OverviewCommand.Run(invocation);
    }

    /// <summary>A directory whose name is not UTF-8 would be taken for another one, in silence.</summary>
    private static void CheckEnvironment(ParsedArguments arguments)
    {
        bool isUsed = arguments.Takes(Options.RuntimeDir) && !arguments.Has(Options.RuntimeDir);
        if (isUsed && Environment.GetEnvironmentVariable("KBUS_RUNTIME_DIR")?.Contains('\uFFFD') == true)
        {
            throw new CommandException(ExitCode.NoBus, "KBUS_RUNTIME_DIR has bytes that are not UTF-8; such a directory cannot be used. Name another one.");
        }
    }

    /// <summary>The effect of a signal is not reported as an error: its sender knows why everything ended.</summary>
    private static int Fail(LineOutput errors, Ending ending, int exitCode, string message)
    {
        if (ending.ExitCode is { } signalled)
        {
            return signalled;
        }

        if (message.Length > 0)
        {
            errors.WriteLine($"kbus: {TerminalText.Of(message.ReplaceLineEndings(" "))}");
        }

        return exitCode;
    }
}
