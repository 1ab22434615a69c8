using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using Kbus.Linux;

namespace Kbus.Cli;

/// <summary>Answers a Request with what a command of the user's prints (<c>kbus reply --exec</c>).</summary>
/// <remarks>
/// The shell runs it, with the Request's data on its standard input, and <c>KBUS_NAME</c>, <c>KBUS_ID</c>, <c>KBUS_FROM</c> and
/// <c>KBUS_TO</c> in its environment. There is always an answer, because the Request must have one. It is what the command
/// had printed when it ended. It is empty if that is more than a message can hold, or if the shell does not start. A note says so.
/// </remarks>
/// <param name="invocation">Has the options, and reports signals.</param>
/// <param name="command">The command.</param>
internal sealed class AnsweringProgram(Invocation invocation, string command)
{
    private readonly TimeSpan? _timeout = invocation.Arguments.Seconds(Options.Timeout);

    /// <summary>Runs the command and gives what it printed.</summary>
    /// <param name="request">The Request.</param>
    /// <param name="most">The most bytes of an answer; nothing beyond is read.</param>
    /// <param name="limit">The time limit; null for none.</param>
    /// <exception cref="CommandException">A signal ended all.</exception>
    public byte[] Run(Message request, uint most, StreamLimit limit)
    {
        try
        {
            using Process process = Started(request);
            Action kill = () => Kill(process);
            invocation.Ending.Add(kill);
            using var pipes = new ProgramPipes(process, request.Data, most);
            bool hasEnded = pipes.RunToEnd(limit.LeftAtMost(_timeout), invocation.Time);
            if (!hasEnded)
            {
                kill();
                _ = pipes.RunToEnd(null, invocation.Time);
            }

            process.WaitForExit();
            invocation.Ending.Remove(kill);
            if (invocation.Ending.ExitCode is { } signalled)
            {
                // What a command had printed when it was killed is no answer; the bus says that the Request was ignored.
                throw new CommandException(signalled, "");
            }

            return Answer(request, pipes, process.ExitCode, hasEnded);
        }
        catch (Win32Exception e)
        {
            invocation.Warn($"the shell (/bin/sh) cannot be started: {SystemFault.Describe(e)} {request.Id} is answered with no data.");
            return [];
        }
    }

    private byte[] Answer(Message request, ProgramPipes pipes, int exitCode, bool hasEnded)
    {
        if (pipes.IsTooMuch)
        {
            invocation.Warn($"'{command}' printed more than the bus takes as one message; {request.Id} is answered with no data.");
            return [];
        }

        byte[] printed = pipes.Printed;
        if (!hasEnded)
        {
            invocation.Warn($"'{command}' did not end in time and was killed; {request.Id} is answered with the {printed.Length} bytes that it printed.");
        }
        else if (exitCode != 0)
        {
            invocation.Note($"'{command}' ended with exit code {exitCode}; {request.Id} is answered with the {printed.Length} bytes that it printed.");
        }

        return printed;
    }

    private Process Started(Message request)
    {
        // Without the short time slices of a thread that answers Requests.
        Process? process = null;
        PromptThread.AsMostThreads(() => process = Process.Start(Start(request)));
        return process!;
    }

    private ProcessStartInfo Start(Message request)
    {
        var start = new ProcessStartInfo("/bin/sh", ["-c", command])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        start.Environment["KBUS_NAME"] = request.Name;
        start.Environment["KBUS_ID"] = $"{request.Id.NetworkId}:{request.Id.SerialNumber}";
        start.Environment["KBUS_FROM"] = request.From.ToString(CultureInfo.InvariantCulture);
        start.Environment["KBUS_TO"] = request.To.ToString(CultureInfo.InvariantCulture);
        return start;
    }

    private static void Kill(Process process)
    {
        try
        {
            process.Kill(entireProcessTree: true);
        }
        catch (InvalidOperationException)
        {
            // It has ended, or been disposed of, already.
        }
    }
}
