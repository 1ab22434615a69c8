namespace Kbus.Cli;

/// <summary><c>kbus send</c>: sends an announcement, once or several times.</summary>
internal static class SendCommand
{
    /// <summary>Does it.</summary>
    public static int Run(Invocation invocation)
    {
        ParsedArguments arguments = invocation.Arguments;
        var printer = new MessagePrinter(invocation);
        MessageFlags flags = SendingOptions.Flags(arguments);
        byte[] data = SentData.Read(invocation, operand: 1);

        // A plain message, because --flags may make it something else than an announcement.
        uint to = arguments.Number(Options.To) ?? 0;
        Message message = SendingOptions.Make(invocation.Verb, () => new Message(arguments.Operands[0], data) { Flags = flags, To = to });
        using Ksock ksock = KsockOpening.Open(invocation, KsockMode.Write);
        var limit = new StreamLimit(invocation, count: 1);
        while (!limit.IsReached)
        {
            if (limit.Left == TimeSpan.Zero || SendingOptions.Send(ksock, message, limit.Left) is not { } id)
            {
                throw limit.TimeOut();
            }

            limit.Step();
            printer.Print(new Message(message.Name, data) { Flags = flags, To = to, From = ksock.Id, Id = id });
        }

        return ExitCode.Done;
    }
}
