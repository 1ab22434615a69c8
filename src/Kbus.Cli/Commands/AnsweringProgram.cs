using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace Kbus.Cli;

/// <summary>Answers a Request with what a command of the user's prints (<c>kbus reply --exec</c>).</summary>
/// <remarks>
/// The shell runs it, with the Request's data on its standard input, and <c>KBUS_NAME</c>, <c>KBUS_ID</c>, <c>KBUS_FROM</c> and <c>KBUS_TO</c>
/// in its environment. A command that fails still answers with what it printed, because the Request must be answered; a note says so.
/// </remarks>
internal static class AnsweringProgram
{
    /// <summary>Runs the command and gives what it printed.</summary>
    /// <exception cref="CommandException">The shell cannot be started, or a signal ended all.</exception>
    public static byte[] Run(Invocation invocation, string command, Message request)
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
        try
        {
            using Process process = Process.Start(start)!;
            Action kill = () => Kill(process);
            invocation.Ending.Add(kill);
            var feeding = new Thread(() => Feed(process, request.Data)) { IsBackground = true, Name = "standard input of --exec" };
            feeding.Start();
            var printed = new MemoryStream();
            process.StandardOutput.BaseStream.CopyTo(printed);
            process.WaitForExit();
            invocation.Ending.Remove(kill);
            if (invocation.Ending.ExitCode is { } signalled)
            {
                // What a command had printed when it was killed is no answer; the bus says that the Request was ignored.
                throw new CommandException(signalled, "");
            }

            if (process.ExitCode != 0)
            {
                invocation.Note($"'{command}' ended with exit code {process.ExitCode}; {request.Id} is answered with the {printed.Length} bytes that it printed.");
            }

            return printed.ToArray();
        }
        catch (Win32Exception e)
        {
            throw new CommandException(ExitCode.Failed, $"the shell (/bin/sh) cannot be started: {SystemFault.Describe(e)}", e);
        }
    }

    /// <summary>On a thread of its own: a command that prints before it has read all would otherwise wait for us while we wait for it.</summary>
    private static void Feed(Process process, ReadOnlyMemory<byte> data)
    {
        try
        {
            using Stream input = process.StandardInput.BaseStream;
            input.Write(data.Span);
        }
        catch (IOException)
        {
            // It did not want to read all of it.
        }
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
