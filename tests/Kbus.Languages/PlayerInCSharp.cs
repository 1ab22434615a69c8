namespace Kbus.Languages;

/// <summary>
/// The roles, by the .NET library. The players of the other languages (<c>players/</c>) do the same and say the same; who serves says
/// <c>ready</c> first.
/// </summary>
internal static class PlayerInCSharp
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(180);

    public static int Play(string role)
    {
        using Ksock ksock = Ksock.Open(0);
        switch (role)
        {
            case "sender":
                Send(ksock);
                return 0;
            case "listener":
                Listen(ksock);
                return 0;
            case "requester":
                Request(ksock);
                return 0;
            case "replier":
                Reply(ksock);
                return 0;
            default:
                return 2;
        }
    }

    private static void Send(Ksock ksock)
    {
        foreach (byte[] data in Contents.All)
        {
            MessageId id = ksock.Send(new Announcement("$.Told", data));
            Say($"{id} {Contents.Describe(data)}");
        }
    }

    private static void Listen(Ksock ksock)
    {
        ksock.Bind("$.Told");
        Say("ready");
        foreach (byte[] _ in Contents.All)
        {
            Message msg = Wait(ksock);
            Say($"{msg.Id} {Contents.Describe(msg.Data.Span)}");
        }
    }

    private static void Request(Ksock ksock)
    {
        Message answer = null!;
        foreach (byte[] data in Contents.All)
        {
            answer = Ask(ksock, new Request("$.Asked", data));
        }

        Message reply = answer;
        Ask(ksock, Message.StatefulRequest(reply, "$.Asked", "And then?"));
        Ask(ksock, Message.StatefulRequest(reply, "$.Asked", "Go"));
        try
        {
            Ask(ksock, Message.StatefulRequest(reply, "$.Asked", "Still there?"));
        }
        catch (KbusException e)
        {
            Say($"refused {e.Errno}");
        }
    }

    private static Message Ask(Ksock ksock, Message request)
    {
        Message answer = ksock.Request(request, Patience) ?? throw new TimeoutException("No answer came.");
        Say(answer is Status
            ? $"status {answer.InReplyTo} {answer.Name}"
            : $"reply {answer.InReplyTo} {Contents.Describe(answer.Data.Span)}");
        return answer;
    }

    private static void Reply(Ksock ksock)
    {
        ksock.Bind("$.Asked", replier: true);
        Say("ready");
        while (true)
        {
            Message request = Wait(ksock);
            Say($"{(request.IsStatefulRequest ? "stateful" : "request")} {request.Id} {Contents.Describe(request.Data.Span)}");
            if (request.Data.Span.SequenceEqual("Go"u8))
            {
                return;
            }

            ksock.Send(Message.ReplyTo(request, Contents.Backwards(request.Data.Span)));
        }
    }

    private static Message Wait(Ksock ksock) => ksock.WaitForMessage(Patience) ?? throw new TimeoutException("No message came.");

    private static void Say(string line)
    {
        Console.WriteLine(line);
        Console.Out.Flush();
    }
}
