namespace Kbus.Cli;

/// <summary><c>kbus call</c>: sends a Request and prints its answer.</summary>
internal static class CallCommand
{
    /// <summary>Does it.</summary>
    public static int Run(Invocation invocation)
    {
        ParsedArguments arguments = invocation.Arguments;
        var printer = new MessagePrinter(invocation);
        TimeSpan? timeout = arguments.Seconds(Options.Timeout);
        MessageFlags flags = SendingOptions.Flags(arguments);
        byte[] data = SentData.Read(invocation, operand: 1);
        uint to = arguments.Number(Options.To) ?? 0;
        Request request = SendingOptions.Make(invocation.Verb, () => new Request(arguments.Operands[0], data, to, flags));
        using Ksock ksock = KsockOpening.Open(invocation, KsockMode.ReadWrite);
        var limit = new StreamLimit(invocation, count: 1);
        _ = arguments.Seconds(Options.Interval);
        int exitCode = ExitCode.Done;
        while (!limit.IsReached)
        {
            if (limit.Left == TimeSpan.Zero)
            {
                throw limit.TimeOut();
            }

            if (ksock.Request(request, limit.LeftAtMost(timeout)) is not { } answer)
            {
                throw NoAnswer(invocation, ksock, request);
            }

            limit.Step();
            printer.Print(answer);
            if (answer is Status status)
            {
                // Behind "kbus: ".
                invocation.Warn($"{char.ToLowerInvariant(status.Meaning[0])}{status.Meaning[1..]}");
                exitCode = ExitCode.AnsweredByStatus;
            }

            Pause.BetweenMessages(invocation, limit);
        }

        return exitCode;
    }

    /// <summary>Says where the Request is: the daemon knows it, and its answer has a limit too.</summary>
    private static CommandException NoAnswer(Invocation invocation, Ksock ksock, Request request)
    {
        IReadOnlyList<OwedStatus> owed;
        try
        {
            var status = DaemonStatus.Read(DaemonQuestion.Status(
                DaemonPlaces.Find(invocation.Arguments.Text(Options.RuntimeDir), Environment.GetEnvironmentVariable), TimeSpan.FromSeconds(1)));
            owed = status.Buses.FirstOrDefault(b => b.Number == ksock.Device)?.Ksocks.FirstOrDefault(k => k.Id == ksock.Id)?.WaitsFor ?? [];
        }
        catch (CommandException e)
        {
            return new CommandException(ExitCode.TimedOut, $"no answer in time: {e.Message}");
        }

        // One Ksock, one call at a time: what it is still owed last is the answer to this Request.
        string where = owed.Count > 0
            ? $"Ksock {owed[^1].Replier}, bound as replier to {request.Name}, has the Request {owed[^1].Request} and has not {(owed[^1].IsRead ? "answered" : "read")} it yet. Wait longer, or see 'kbus status'."
            : (request.Flags & MessageFlags.AllOrWait) != 0
            ? "somebody whom the Request is for had no room for it all the time, so it was not sent. See 'kbus status'."
            : "the answer came when the time was just over. Wait longer.";
        return new CommandException(ExitCode.TimedOut, $"no answer in time: {where}");
    }
}
