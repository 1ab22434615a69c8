using Kbus.Link;

namespace Kbus.Bench.Hostile;

/// <summary>Attacks by what is sent, kept and owed.</summary>
internal static class MessageAttacks
{
    private const uint LargestData = (64 * 1024 * 1024) - 1200;

    /// <summary>Own Requests are taken and never answered; then their sender closes, and their replier dies.</summary>
    public static void Debts(Attacker attacker)
    {
        using Ksock sender = attacker.OpenWide();
        Ksock replier = attacker.OpenWide();
        replier.Bind("$.Hostile.Debts", replier: true);
        using var buffer = new MessageBuffer();
        for (long i = 0; i < attacker.Size && attacker.GoesOn; i++)
        {
            if (!attacker.Count(sender.TrySend("$.Hostile.Debts"u8, default, MessageFlags.WantAReply, out Kbus.MessageId _)))
            {
                break;
            }

            replier.TryReadNext(buffer);
        }
    }

    /// <summary>Urgent messages flood own listeners.</summary>
    public static void UrgentFlood(Attacker attacker) => Flood(attacker, MessageFlags.Urgent);

    /// <summary>Messages flood own listeners, which take none.</summary>
    public static void Flood(Attacker attacker) => Flood(attacker, MessageFlags.None);

    /// <summary>Small messages wait in wide queues, as many as there is room for.</summary>
    public static void SmallMessages(Attacker attacker)
    {
        List<Ksock> listeners = attacker.OpenMany(4);
        using Ksock sender = attacker.Open();
        foreach (Ksock listener in listeners)
        {
            listener.SetMaxMessages(uint.MaxValue);
            listener.Bind("$.a");
        }

        byte[] message = RawMessage.Entire("$.a", 0, MessageFlags.None);
        RawMember? member = RawMember.Open(attacker.Directory);
        for (long i = 0; member is not null && i < attacker.Size && attacker.GoesOn && member.Write(CommandCode.Send, message); i++)
        {
            attacker.Count();
        }

        attacker.Count(member?.Drain() ?? Errno.EPIPE);
    }

    /// <summary>Big messages are begun and never continued, on many Ksocks.</summary>
    public static void UnfinishedSends(Attacker attacker)
    {
        attacker.Try(() =>
        {
            using Ksock ksock = attacker.Open();
            ksock.SetMaxMessageSize(ksock.AbsoluteMaxMessageSize);
        });
        byte[] beginning = RawMessage.Beginning("$.Hostile.Begun", LargestData);
        byte[] part = new byte[30_000];
        for (long i = 0; i < attacker.Size && attacker.GoesOn && RawMember.Open(attacker.Directory) is { } member; i++)
        {
            member.Write(CommandCode.SendBegin, beginning);

            // Memory counts when it is written to.
            for (int parts = 0; parts < 100 && attacker.GoesOn && member.Write(CommandCode.SendPart, part); parts++)
            {
            }

            attacker.Count(member.Drain());
        }
    }

    /// <summary>Big messages are taken and read for ever where the bus put them.</summary>
    public static void KeptPayloads(Attacker attacker)
    {
        using Ksock listener = attacker.OpenWide();
        using Ksock sender = attacker.Open();
        listener.Bind("$.Hostile.Big");
        byte[] data = new byte[400_000];
        List<MessageBuffer> kept = [];
        while (attacker.GoesOn && kept.Count < attacker.Size)
        {
            attacker.Count(sender.TrySend("$.Hostile.Big"u8, data, MessageFlags.None, out Kbus.MessageId _));
            var buffer = new MessageBuffer();
            if (listener.TryReadNext(buffer))
            {
                kept.Add(buffer);
            }
            else
            {
                buffer.Dispose();
            }
        }
    }

    /// <summary>Many senders wait for room in one full queue, which is emptied and filled.</summary>
    public static void WaitingSenders(Attacker attacker)
    {
        using Ksock listener = attacker.Open();
        listener.SetMaxMessages(1);
        listener.Bind("$.Hostile.Full", replier: true);
        List<Ksock> senders = attacker.OpenMany(attacker.Size);
        using var buffer = new MessageBuffer();
        while (attacker.GoesOn)
        {
            foreach (Ksock sender in senders)
            {
                if (!sender.IsSending)
                {
                    attacker.Count(sender.TrySend("$.Hostile.Full"u8, default, MessageFlags.WantAReply | MessageFlags.AllOrWait, out Kbus.MessageId _));
                }
            }

            for (int i = 0; i < 100 && attacker.GoesOn; i++)
            {
                // Each changes what the waiting ones wait for, or seems to.
                listener.TryReadNext(buffer);
                listener.SetMaxMessages(1 + (uint)(i % 2));
                attacker.Try(() => listener.Bind("$.Hostile.Change"));
                attacker.Try(() => listener.Unbind("$.Hostile.Change"));
            }
        }
    }

    /// <summary>Each message has a name that was never seen before.</summary>
    public static void NewNames(Attacker attacker)
    {
        using RawMember? member = RawMember.Open(attacker.Directory);
        long number = 0;
        while (member is not null && attacker.GoesOn
            && member.Write(CommandCode.Send, RawMessage.Entire($"$.Hostile.New{number++}", 0, MessageFlags.None)))
        {
            attacker.Count();
        }
    }

    private static void Flood(Attacker attacker, MessageFlags flags)
    {
        List<Ksock> listeners = attacker.OpenMany(attacker.Size);
        foreach (Ksock listener in listeners)
        {
            attacker.Try(() => listener.SetMaxMessages(1_000_000));
            attacker.Try(() => listener.Bind("$.Hostile.Flood"));
        }

        byte[] message = RawMessage.Entire("$.Hostile.Flood", 0, flags);
        Attacker.InThreads(2, _ =>
        {
            RawMember? member = RawMember.Open(attacker.Directory);
            while (member is not null && attacker.GoesOn && member.Write(CommandCode.Send, message))
            {
                attacker.Count();
            }
        });
    }
}
