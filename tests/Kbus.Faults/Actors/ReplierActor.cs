namespace Kbus.Faults;

/// <summary>Answers Requests with their own data: at once with a negative seed, else in some order, and now and then it unbinds, or closes its Ksock and opens another.</summary>
internal static class ReplierActor
{
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(200);

    public static void Run(string directory, string name, int seed)
    {
        var random = new Random(seed);
        Ksock ksock = Bound(directory, name);
        ActorProgram.Say("ready");
        List<Message> held = [];
        using var buffer = new MessageBuffer();
        while (!ActorProgram.ShouldStop)
        {
            if (ksock.WaitForMessage(buffer, Moment))
            {
                if (seed >= 0 && random.Next(8) == 0)
                {
                    held.Add(buffer.ToMessage());
                }
                else
                {
                    Answer(() => ksock.Reply(buffer, buffer.Data));
                }
            }

            int luck = seed < 0 ? int.MaxValue : random.Next(3000);
            if (luck == 0)
            {
                ksock.Unbind(name, replier: true);
                ksock.Bind(name, replier: true);
            }
            else if (luck == 1)
            {
                buffer.Clear();
                ksock.Dispose();
                held.Clear();
                ksock = Bound(directory, name);
            }
            else if (held.Count > 0 && random.Next(4) == 0)
            {
                int which = random.Next(held.Count);
                Message request = held[which];
                held.RemoveAt(which);
                Answer(() => ksock.Send(Message.ReplyTo(request, request.Data)));
            }
        }

        foreach (Message request in held)
        {
            Answer(() => ksock.Send(Message.ReplyTo(request, request.Data)));
        }

        buffer.Clear();
        ksock.Dispose();
        ActorProgram.Say("done");
    }

    private static Ksock Bound(string directory, string name)
    {
        Ksock ksock = ActorProgram.Open(directory);
        ksock.Bind(name, replier: true);
        return ksock;
    }

    /// <summary>The requester may have gone meanwhile; anything else is a fault.</summary>
    private static void Answer(Func<MessageId> send)
    {
        try
        {
            send();
        }
        catch (KbusException e) when (e.Errno is Errno.EADDRNOTAVAIL)
        {
        }
    }
}
