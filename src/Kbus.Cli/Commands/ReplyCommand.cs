namespace Kbus.Cli;

/// <summary><c>kbus reply</c>: binds as replier and answers each Request, in one of three ways.</summary>
/// <remarks>Every Request that it reads is answered. If the intended answer cannot be sent, the answer has no data.</remarks>
internal static class ReplyCommand
{
    /// <summary>Does it.</summary>
    public static int Run(Invocation invocation)
    {
        ParsedArguments arguments = invocation.Arguments;
        byte[] data = Data(invocation);
        AnsweringProgram? program = arguments.Text(Options.Exec) is { } command ? new AnsweringProgram(invocation, command) : null;
        bool isEcho = arguments.Has(Options.Echo);
        var printer = new MessagePrinter(invocation);
        MessageFlags flags = SendingOptions.Flags(arguments);
        if ((flags & MessageFlags.WantAReply) != 0)
        {
            throw CommandException.Usage("--flags: bit 0 would make the reply a request.", invocation.Verb);
        }

        string name = arguments.Operands[0];
        uint? maxMessages = arguments.Number(Options.MaxMessages, least: 1);
        var limit = new StreamLimit(invocation);
        using Ksock ksock = KsockOpening.Open(invocation, KsockMode.ReadWrite);
        CheckLength(ksock, name, data);
        _ = ksock.SetMaxMessages(maxMessages ?? 0);
        ksock.Bind(name, replier: true);
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
                byte[] answer = isEcho ? request.Data.ToArray() : program?.Run(request, ksock.MaxMessageSize, limit) ?? data;
                Reply(invocation, ksock, Message.ReplyTo(request, answer, flags), printer, limit);
            }
        }

        return ExitCode.Done;
    }

    /// <summary>Sends the Reply. That its requester has gone, or has no room, is no reason to stop replying to others.</summary>
    private static void Reply(Invocation invocation, Ksock ksock, Reply reply, MessagePrinter printer, StreamLimit limit)
    {
        try
        {
            Send(ksock, reply, printer, limit);
        }
        catch (KbusException e) when (e.Errno is Errno.EADDRNOTAVAIL or Errno.ECONNREFUSED)
        {
            invocation.Warn($"no reply to {reply.InReplyTo}: {e.Message}");
        }
        catch (KbusException e) when (e.Errno is Errno.EMSGSIZE or Errno.EBUSY)
        {
            // Too long, or with --all-or-fail a listener has no room. The requester must not be left waiting because of that.
            invocation.Warn($"{reply.InReplyTo} is answered with no data: {e.Message}");
            ReplyWithoutData(invocation, ksock, reply, printer, limit);
        }
    }

    private static void ReplyWithoutData(Invocation invocation, Ksock ksock, Reply reply, MessagePrinter printer, StreamLimit limit)
    {
        MessageFlags flags = reply.Flags & ~(MessageFlags.AllOrFail | MessageFlags.AllOrWait);
        try
        {
            Send(ksock, new Reply(reply.Name, reply.InReplyTo, ReadOnlyMemory<byte>.Empty) { To = reply.To, Flags = flags }, printer, limit);
        }
        catch (KbusException e) when (e.Errno is Errno.EADDRNOTAVAIL or Errno.ECONNREFUSED or Errno.EBUSY)
        {
            invocation.Warn($"no reply to {reply.InReplyTo}: {e.Message}");
        }
    }

    private static void Send(Ksock ksock, Reply reply, MessagePrinter printer, StreamLimit limit)
    {
        if (SendingOptions.Send(ksock, reply, limit.Left) is not { } id)
        {
            throw limit.TimeOut();
        }

        printer.Print(new Reply(reply.Name, reply.InReplyTo, reply.Data) { To = reply.To, From = ksock.Id, Flags = reply.Flags, Id = id });
    }

    /// <summary>What each answer has, if it is the same for all; the options are checked.</summary>
    private static byte[] Data(Invocation invocation)
    {
        ParsedArguments arguments = invocation.Arguments;
        bool hasData = arguments.Operands.Count > 1 || arguments.Has(Options.File);
        int ways = (arguments.Has(Options.Echo) ? 1 : 0) + (arguments.Has(Options.Exec) ? 1 : 0) + (hasData ? 1 : 0);
        if (ways > 1)
        {
            throw CommandException.Usage("The answer is one of DATA, --file, --echo and --exec.", invocation.Verb);
        }

        if (arguments.Has(Options.Timeout) && !arguments.Has(Options.Exec))
        {
            throw CommandException.Usage($"{Options.Timeout} needs {Options.Exec}: it says how long COMMAND may take.", invocation.Verb);
        }

        return SentData.Read(invocation, operand: 1);
    }

    /// <summary>An answer that can never be sent is refused before anybody asks for it.</summary>
    private static void CheckLength(Ksock ksock, string name, byte[] data)
    {
        uint most = ksock.MaxMessageSize;

        // A Request to a wildcard has a name at least as long. Whether the name is legal is for the bus to say.
        long length = new Announcement("$." + new string('A', Math.Max(1, name.Length - 2)), data).EntireLength;
        if (length > most)
        {
            throw new CommandException(
                ExitCode.Failed,
                $"EMSGSIZE: with {data.Length} bytes of data the reply to {name} would be {length} bytes long; bus {ksock.Device} takes {most} at most. Answer with less, or in parts.");
        }
    }
}
