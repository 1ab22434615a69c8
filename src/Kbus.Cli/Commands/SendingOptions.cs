namespace Kbus.Cli;

/// <summary>How a command sends: its flags, and what is done when a queue is full.</summary>
internal static class SendingOptions
{
    /// <summary>The flags that the options ask for.</summary>
    /// <exception cref="CommandException">They contradict each other.</exception>
    public static MessageFlags Flags(ParsedArguments arguments)
    {
        arguments.NotBoth(Options.AllOrFail, Options.AllOrWait);
        var flags = (MessageFlags)(arguments.Number(Options.Flags) ?? 0);
        flags |= arguments.Has(Options.Urgent) ? MessageFlags.Urgent : 0;
        flags |= arguments.Has(Options.AllOrFail) ? MessageFlags.AllOrFail : 0;
        flags |= arguments.Has(Options.AllOrWait) ? MessageFlags.AllOrWait : 0;
        return flags;
    }

    /// <summary>Makes a message.</summary>
    /// <exception cref="CommandException">The name cannot be that of a message.</exception>
    public static T Make<T>(string verb, Func<T> make)
        where T : Message
    {
        try
        {
            return make();
        }
        catch (ArgumentException e)
        {
            throw CommandException.Usage($"{e.Message} A name looks like $.Actor.Speak; put it in single quotes.", verb);
        }
    }

    /// <summary>Sends a message; one that has to wait for room (ALL_OR_WAIT) is waited for.</summary>
    /// <returns>Its id; null if the time ran out first, and then nobody has received it.</returns>
    /// <exception cref="KbusException">It was refused.</exception>
    public static MessageId? Send(Ksock ksock, Message message, TimeSpan? limit)
    {
        try
        {
            return ksock.Send(message);
        }
        catch (KbusException e) when (e.Errno == Errno.EAGAIN)
        {
            if (ksock.WaitUntilSent(limit))
            {
                return ksock.LastSentId;
            }

            ksock.Discard();
            return null;
        }
    }
}
