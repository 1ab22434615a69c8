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
        if ((flags & MessageFlags.WantAReply) != 0)
        {
            throw CommandException.Usage("--flags: bit 0 would make it a request: use kbus call.", invocation.Verb);
        }

        byte[] data = SentData.Read(invocation, operand: 1);
        Announcement message = SendingOptions.Make(invocation.Verb, () => new Announcement(arguments.Operands[0], data, flags));
        using Ksock ksock = KsockOpening.Open(invocation, KsockMode.Write);
        var limit = new StreamLimit(invocation, count: 1);
        while (!limit.IsReached)
        {
            if (limit.Left == TimeSpan.Zero || SendingOptions.Send(ksock, message, limit.Left) is not { } id)
            {
                throw limit.TimeOut();
            }

            limit.Step();
            printer.Print(new Announcement(message.Name, data, flags) { From = ksock.Id, Id = id });
        }

        return ExitCode.Done;
    }
}
