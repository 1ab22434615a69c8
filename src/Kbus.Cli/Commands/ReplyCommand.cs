namespace Kbus.Cli;

/// <summary><c>kbus reply</c>: binds as replier and answers each Request, in one of three ways.</summary>
internal static class ReplyCommand
{
    /// <summary>Does it.</summary>
    public static int Run(Invocation invocation)
    {
        ParsedArguments arguments = invocation.Arguments;
        Func<Message, byte[]> answer = Answering(invocation);
        var printer = new MessagePrinter(invocation);
        MessageFlags flags = SendingOptions.Flags(arguments);
        if ((flags & MessageFlags.WantAReply) != 0)
        {
            throw CommandException.Usage("--flags: bit 0 would make the reply a request.", invocation.Verb);
        }

        string name = arguments.Operands[0];
        using Ksock ksock = KsockOpening.Open(invocation, KsockMode.ReadWrite);
        ksock.Bind(name, replier: true);
        var limit = new StreamLimit(invocation);
        KsockOpening.TellReady(invocation, ksock, $"replying to {name}");
        while (!limit.IsReached)
        {
            if (ksock.WaitForMessage(limit.Left) is not { } request)
            {
                throw limit.TimeOut();
            }

            printer.Print(request);
            if (request.WantsUsToReply)
            {
                limit.Step();
                Reply(invocation, ksock, request, Message.ReplyTo(request, answer(request), flags), printer, limit);
            }
        }

        return ExitCode.Done;
    }

    /// <summary>Sends the Reply. That its requester has gone, or has no room, is no reason to stop replying to others.</summary>
    private static void Reply(Invocation invocation, Ksock ksock, Message request, Reply reply, MessagePrinter printer, StreamLimit limit)
    {
        try
        {
            if (SendingOptions.Send(ksock, reply, limit.Left) is not { } id)
            {
                throw limit.TimeOut();
            }

            printer.Print(new Reply(reply.Name, reply.InReplyTo, reply.Data) { To = reply.To, From = ksock.Id, Flags = reply.Flags, Id = id });
        }
        catch (KbusException e) when (e.Errno is Errno.EADDRNOTAVAIL or Errno.ECONNREFUSED or Errno.EBUSY or Errno.EMSGSIZE)
        {
            invocation.Errors.WriteLine($"kbus: no reply to {request.Id}: {e.Message}");
        }
    }

    private static Func<Message, byte[]> Answering(Invocation invocation)
    {
        ParsedArguments arguments = invocation.Arguments;
        bool hasData = arguments.Operands.Count > 1 || arguments.Has(Options.File);
        int ways = (arguments.Has(Options.Echo) ? 1 : 0) + (arguments.Has(Options.Exec) ? 1 : 0) + (hasData ? 1 : 0);
        if (ways > 1)
        {
            throw CommandException.Usage("The answer is one of DATA, --file, --echo and --exec.", invocation.Verb);
        }

        if (arguments.Has(Options.Echo))
        {
            return request => request.Data.ToArray();
        }

        if (arguments.Text(Options.Exec) is { } command)
        {
            return request => AnsweringProgram.Run(invocation, command, request);
        }

        byte[] data = SentData.Read(invocation, operand: 1);
        return _ => data;
    }
}
