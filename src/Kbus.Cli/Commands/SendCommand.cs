namespace Kbus.Cli;

/// <summary><c>kbus send</c>: sends announcements: one, the same several times, or one for each line of an input.</summary>
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

        arguments.NotBoth(Options.Lines, Options.Null);
        bool isStream = arguments.Has(Options.Lines) || arguments.Has(Options.Null);
        var limit = new StreamLimit(invocation, count: isStream ? null : 1);
        _ = arguments.Seconds(Options.Interval);
        byte[] data = isStream ? [] : SentData.Read(invocation, operand: 1);
        Announcement message = SendingOptions.Make(invocation.Verb, () => new Announcement(arguments.Operands[0], data, flags));
        using InputMessages? input = isStream ? SentData.ReadMany(invocation, operand: 1) : null;
        using Ksock ksock = KsockOpening.Open(invocation, KsockMode.Write);
        while (!limit.IsReached)
        {
            if (input is not null)
            {
                if (!input.TryNext(limit.Left, out byte[]? piece))
                {
                    throw limit.TimeOut();
                }

                if (piece is null)
                {
                    break;
                }

                data = SentData.Decode(invocation, piece);
                message = new Announcement(message.Name, data, flags);
            }

            printer.Print(new Announcement(message.Name, data, flags) { From = ksock.Id, Id = Send(ksock, message, limit, isStream) });
            Pause.BetweenMessages(invocation, limit);
        }

        return ExitCode.Done;
    }

    private static MessageId Send(Ksock ksock, Announcement message, StreamLimit limit, bool isStream)
    {
        try
        {
            if (limit.Left == TimeSpan.Zero || SendingOptions.Send(ksock, message, limit.Left) is not { } id)
            {
                throw limit.TimeOut();
            }

            limit.Step();
            return id;
        }
        catch (KbusException e) when (isStream && e.Errno != Errno.ENODEV)
        {
            throw new CommandException(ExitCode.Failed, $"message {limit.Seen + 1} of the input: {e.Message}", e);
        }
    }
}
