using System.Globalization;
using System.Text;
using Kbus.Link;

namespace Kbus.Bench.Hostile;

/// <summary>Attacks by what is bound.</summary>
internal static class BindingAttacks
{
    private const int LongestName = 1000;

    /// <summary>One name is bound many times, and an urgent message sent to it: each copy wants the front of the queue.</summary>
    public static void OneUrgent(Attacker attacker)
    {
        using Ksock ksock = attacker.OpenWide();
        using RawMember? member = Bound(attacker, _ => "$.Hostile.Urgent", attacker.Size);
        ksock.Bind("$.Hostile.Other");
        byte[] message = RawMessage.Entire("$.Hostile.Urgent", 0, MessageFlags.Urgent);
        while (member is not null && attacker.GoesOn && member.Write(CommandCode.Send, message))
        {
            attacker.Count(member.Drain());
        }
    }

    /// <summary>Two Ksocks are bound to one name many times each, in turns; then the first closes. The second dies with its process.</summary>
    public static void Twins(Attacker attacker)
    {
        RawMember? first = RawMember.Open(attacker.Directory);
        RawMember? second = RawMember.Open(attacker.Directory);
        for (long i = 0; i < attacker.Size && attacker.GoesOn && first is not null && second is not null; i++)
        {
            if (!first.Write(CommandCode.Bind, "$.Hostile.Twins"u8) || !second.Write(CommandCode.Bind, "$.Hostile.Twins"u8))
            {
                break;
            }

            attacker.Count();
        }

        attacker.Count(second?.Drain() ?? Errno.EPIPE);
        first?.Dispose();
    }

    /// <summary>The same long name is bound again and again, and the status asked.</summary>
    public static void OneName(Attacker attacker)
    {
        byte[] name = Encoding.ASCII.GetBytes("$." + new string('n', LongestName - 2));
        RawMember? member = RawMember.Open(attacker.Directory);
        for (long i = 0; member is not null && i < attacker.Size && attacker.Prepares && member.Write(CommandCode.Bind, name); i++)
        {
            attacker.Count();
        }

        attacker.Count(member?.Drain() ?? Errno.EPIPE);
        using var reader = new StatusReader(attacker.Directory);
        while (attacker.GoesOn)
        {
            _ = reader.TryAsk(out _, () => attacker.GoesOn);
        }
    }

    /// <summary>Many long names are bound, each once.</summary>
    public static void ManyNames(Attacker attacker)
    {
        string filling = new('n', LongestName - 14);
        RawMember? member = Bound(attacker, i => string.Create(CultureInfo.InvariantCulture, $"$.{i:D10}.{filling}"), attacker.Size, toTheEnd: true);
        GC.KeepAlive(member);
    }

    /// <summary>A name that is bound many times is sent to, by several senders.</summary>
    public static void ManyCopies(Attacker attacker)
    {
        using RawMember? member = Bound(attacker, _ => "$.Hostile.Copies", attacker.Size);
        Attacker.InThreads(4, _ =>
        {
            using Ksock sender = attacker.Open();
            while (attacker.GoesOn)
            {
                attacker.Count(sender.TrySend("$.Hostile.Copies"u8, default, MessageFlags.None, out Kbus.MessageId _));
            }
        });
    }

    /// <summary>Reports of all repliers are switched on again and again.</summary>
    public static void BindReports(Attacker attacker)
    {
        using RawMember? member = Bound(
            attacker, i => string.Create(CultureInfo.InvariantCulture, $"$.Hostile.Replier{i}"), attacker.Size, CommandFlags.Replier);
        using Ksock asker = attacker.OpenWide();
        using var buffer = new MessageBuffer();
        while (attacker.GoesOn)
        {
            attacker.Try(() => asker.ReportReplierBinds());
            while (attacker.GoesOn && asker.TryReadNext(buffer))
            {
                // Room is made for the next reports.
            }
        }
    }

    /// <summary>A name is bound and unbound as fast as can be, so that ways have to be worked out anew.</summary>
    public static void Rebind(Attacker attacker)
    {
        using RawMember? member = RawMember.Open(attacker.Directory);
        using RawMember? wide = Bound(attacker, _ => "$.Hostile.*", attacker.Size);
        byte[] message = RawMessage.Entire("$.Hostile.Rebind", 0, MessageFlags.None);
        while (member is not null && attacker.GoesOn
            && member.Write(CommandCode.Bind, "$.Hostile.Rebind"u8) && member.Write(CommandCode.Send, message)
            && member.Write(CommandCode.Unbind, "$.Hostile.Rebind"u8))
        {
            attacker.Count();
        }
    }

    /// <summary>Names of hundreds of levels are sent, each another one, with a wildcard bound at each level.</summary>
    public static void Levels(Attacker attacker)
    {
        string deep = "$" + string.Concat(Enumerable.Repeat(".a", 490));
        using RawMember? member = Bound(attacker, i => deep[..((2 * (int)(i % 490)) + 1)] + ".*", attacker.Size);
        using Ksock sender = attacker.Open();
        long number = 0;
        while (attacker.GoesOn)
        {
            byte[] name = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{deep}.{number++}"));
            attacker.Count(sender.TrySend(name, default, MessageFlags.None, out Kbus.MessageId _));
        }
    }

    /// <summary>A member with many bindings, made in half of the time at most.</summary>
    private static RawMember? Bound(Attacker attacker, Func<long, string> name, long count, ushort flags = 0, bool toTheEnd = false)
    {
        RawMember? member = RawMember.Open(attacker.Directory);
        Span<byte> bytes = stackalloc byte[LongestName];
        for (long i = 0; member is not null && i < count && (toTheEnd ? attacker.GoesOn : attacker.Prepares); i++)
        {
            int length = Encoding.ASCII.GetBytes(name(i), bytes);
            if (!member.Write(CommandCode.Bind, bytes[..length], flags))
            {
                break;
            }

            attacker.Count();
        }

        attacker.Count(member?.Drain() ?? Errno.EPIPE);
        return member;
    }
}
