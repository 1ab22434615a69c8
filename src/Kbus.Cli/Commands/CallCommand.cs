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
        int exitCode = ExitCode.Done;
        while (!limit.IsReached)
        {
            if (limit.Left == TimeSpan.Zero)
            {
                throw limit.TimeOut();
            }

            if (ksock.Request(request, limit.LeftAtMost(timeout)) is not { } answer)
            {
                throw NoAnswer(ksock, request);
            }

            limit.Step();
            printer.Print(answer);
            if (answer.IsStatus)
            {
                invocation.Errors.WriteLine($"kbus: {StatusMeaning.Of(answer)}");
                exitCode = ExitCode.AnsweredByStatus;
            }
        }

        return exitCode;
    }

    private static CommandException NoAnswer(Ksock ksock, Request request)
    {
        uint? replier = ksock.FindReplier(request.Name);
        string who = replier is { } id ? $"Ksock {id}, bound as replier to {request.Name}," : $"the replier for {request.Name}";
        return new CommandException(
            ExitCode.TimedOut, $"no answer in time: {who} has the Request {ksock.LastSentId} and has not answered yet. Wait longer, or see 'kbus status'.");
    }
}
