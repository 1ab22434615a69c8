using System.Runtime.InteropServices;
using Kbus.Core;
using Kbus.Link;
using Kbus.Linux;

namespace Kbus.Bench.Hostile;

/// <summary>Attacks by commands and flags of a link that no library would give so often, or so.</summary>
internal static class LinkAttacks
{
    private static readonly List<object> Held = [];

    /// <summary>Commands that do nothing, among them withdrawn ones, on several links at once.</summary>
    public static void IdleCommands(Attacker attacker)
    {
        CommandCode[] codes = [CommandCode.Withdrawn, CommandCode.Refill, CommandCode.NoteTakes, CommandCode.LastSent, CommandCode.Discard, CommandCode.Poll, CommandCode.RingMe];
        Attacker.InThreads((int)attacker.Size, thread =>
        {
            using RawMember? member = RawMember.Open(attacker.Directory);
            for (int i = thread; member is not null && attacker.GoesOn && member.Write(codes[i % codes.Length], default); i++)
            {
                attacker.Count();
            }
        });
    }

    /// <summary>Many members want to be rung and never hear a ring; each message is for all of them.</summary>
    public static void Sleepers(Attacker attacker)
    {
        List<RawMember> sleepers = [];
        while (attacker.Prepares && sleepers.Count < attacker.Size && RawMember.Open(attacker.Directory) is { } sleeper)
        {
            sleeper.Write(CommandCode.Bind, "$.Hostile.Sleepers"u8);
            sleepers.Add(sleeper);
        }

        Held.Add(sleepers);
        using RawMember? sender = RawMember.Open(attacker.Directory);
        byte[] message = RawMessage.Entire("$.Hostile.Sleepers", 0, MessageFlags.None);
        while (sender is not null && attacker.GoesOn)
        {
            foreach (RawMember sleeper in sleepers)
            {
                new ClientDoorbell(sleeper.Memory, sleeper.Socket).Arm(LinkNews.All);
            }

            if (!sender.Write(CommandCode.Send, message))
            {
                break;
            }

            attacker.Count(sender.Drain());
        }
    }

    /// <summary>An answer that nobody owes is given up, again and again.</summary>
    public static void Withdraw(Attacker attacker)
    {
        byte[] tag = new byte[sizeof(ulong)];
        using RawMember? member = WithLongQueue(attacker);
        while (member is not null && attacker.GoesOn && member.Write(CommandCode.Withdraw, tag))
        {
            attacker.Count();
        }
    }

    /// <summary>A member with a long queue binds and unbinds, so that the queue is searched for what came by the binding.</summary>
    public static void Unbind(Attacker attacker)
    {
        using RawMember? member = WithLongQueue(attacker);
        while (member is not null && attacker.GoesOn
            && member.Write(CommandCode.Bind, "$.Hostile.Unbind"u8) && member.Write(CommandCode.Unbind, "$.Hostile.Unbind"u8))
        {
            attacker.Count();
        }
    }

    /// <summary>Repliers come and go, and many bindings listen for that, with hardly any room.</summary>
    public static void BindEvents(Attacker attacker)
    {
        using RawMember? listener = RawMember.Open(attacker.Directory);
        for (long i = 0; listener is not null && attacker.Prepares && i < attacker.Size && listener.Write(CommandCode.Bind, MessageName.ReplierBindEvent); i++)
        {
            attacker.Count();
        }

        attacker.Count(listener?.Drain() ?? Errno.EPIPE);
        using Ksock switching = attacker.Open();
        attacker.Try(() => switching.ReportReplierBinds(true));
        while (attacker.GoesOn && RawMember.Open(attacker.Directory) is { } replier)
        {
            using (replier)
            {
                for (int i = 0; i < 100 && attacker.GoesOn; i++)
                {
                    replier.Write(CommandCode.Bind, System.Text.Encoding.ASCII.GetBytes($"$.Hostile.Event{i}"), CommandFlags.Replier);
                }

                attacker.Count(replier.Drain());
            }
        }
    }

    /// <summary>A Limpet changes its network id all the time, and sends urgently what it seems to have overheard, to a name that is bound many times.</summary>
    public static void Overheard(Attacker attacker)
    {
        using RawMember? listener = RawMember.Open(attacker.Directory);
        for (long i = 0; listener is not null && attacker.Prepares && i < attacker.Size && listener.Write(CommandCode.Bind, "$.Hostile.Overheard"u8); i++)
        {
            attacker.Count();
        }

        using RawMember? limpet = RawMember.Open(attacker.Directory);
        byte[] message = RawMessage.Entire("$.Hostile.Overheard", 0, MessageFlags.Urgent | MessageFlags.WantAReply);
        byte[] identity = new byte[sizeof(uint)];
        for (uint i = 1; limpet is not null && attacker.GoesOn; i++)
        {
            MemoryMarshal.Write(identity, i);
            if (!limpet.Write(CommandCode.Ask, identity, (ushort)Setting.NetworkId) || !limpet.Write(CommandCode.Send, message))
            {
                break;
            }

            attacker.Count();
        }
    }

    /// <summary>Connections that pass as many descriptors as the kernel lets them with the first bytes of a greeting, which never ends.</summary>
    public static void Descriptors(Attacker attacker)
    {
        int[] passed = [.. Enumerable.Repeat(0, 250)];
        byte[] beginning = new byte[ClientHello.Size - 1];
        while (attacker.GoesOn)
        {
            int result = UnixSocket.Connect(RuntimeDirectory.BusSocket(attacker.Directory, 0), Deadline.After(TimeSpan.FromSeconds(1)), out Descriptor? socket);
            result = result < 0 ? result : LibC.SendMessage(socket!.Number, beginning, passed, LibC.MessageDontWait);
            if (result < 0)
            {
                attacker.Refused(result);
                socket?.Dispose();
                continue;
            }

            attacker.Count();
            Held.Add(socket!);
            if (Held.Count > attacker.Size)
            {
                ((Descriptor)Held[0]).Dispose();
                Held.RemoveAt(0);
            }
        }
    }

    /// <summary>Questions that never come to an end of their line, on as many connections to the control socket as there may be.</summary>
    public static void LongQuestions(Attacker attacker) => Attacker.InThreads((int)attacker.Size, _ =>
    {
        byte[] letters = new byte[4096];
        letters.AsSpan().Fill((byte)'s');
        while (attacker.GoesOn)
        {
            int result = UnixSocket.Connect(RuntimeDirectory.ControlSocket(attacker.Directory), Deadline.After(TimeSpan.FromSeconds(1)), out Descriptor? socket);
            using (socket)
            {
                while (result >= 0 && attacker.GoesOn)
                {
                    result = LibC.Send(socket!.Number, letters, LibC.MessageDontWait);
                    attacker.Count();
                }
            }

            if (result < 0)
            {
                attacker.Refused(result);
            }
        }
    });

    /// <summary>A member in whose queue many messages wait, sent by others in half of the time at most.</summary>
    private static RawMember? WithLongQueue(Attacker attacker)
    {
        RawMember? member = RawMember.Open(attacker.Directory);
        byte[] most = new byte[sizeof(uint)];
        MemoryMarshal.Write(most, uint.MaxValue);
        if (member is null || !member.Write(CommandCode.Ask, most, (ushort)Setting.MaxMessages) || !member.Write(CommandCode.Bind, "$.Hostile.Long"u8))
        {
            return null;
        }

        attacker.Count(member.Drain());
        using RawMember? sender = RawMember.Open(attacker.Directory);
        byte[] message = RawMessage.Entire("$.Hostile.Long", 0, MessageFlags.None);
        for (long i = 0; sender is not null && attacker.Prepares && i < attacker.Size && sender.Write(CommandCode.Send, message); i++)
        {
            attacker.Count();
        }

        attacker.Count(sender?.Drain() ?? Errno.EPIPE);
        return member;
    }
}
