using System.Runtime.InteropServices;
using Kbus.Link;
using Kbus.Linux;

namespace Kbus.Bench.Hostile;

/// <summary>Attacks by connections, Ksocks, settings, the memory of links, and questions.</summary>
internal static class MemberAttacks
{
    private static readonly List<object> Held = [];

    /// <summary>As many Ksocks are opened as can be.</summary>
    public static void Ksocks(Attacker attacker)
    {
        Attacker.InThreads(4, _ =>
        {
            // Held for as long as the process lives.
            List<Ksock> held = [];
            while (attacker.GoesOn && attacker.Done < attacker.Size && attacker.Try(() => held.Add(attacker.Open())))
            {
            }

            lock (Held)
            {
                Held.Add(held);
            }
        });
    }

    /// <summary>As many buses are made as can be.</summary>
    public static void Buses(Attacker attacker)
    {
        Ksock ksock = attacker.Open();
        Held.Add(ksock);
        while (attacker.GoesOn && attacker.Try(() => ksock.NewDevice()))
        {
        }
    }

    /// <summary>The greatest message of the bus is set as fast as can be, with many Ksocks that are told so.</summary>
    public static void MessageSizes(Attacker attacker)
    {
        Held.AddRange(attacker.OpenMany(attacker.Size));
        using RawMember? member = RawMember.Open(attacker.Directory);
        byte[] argument = new byte[sizeof(uint)];
        for (uint i = 0; member is not null && attacker.GoesOn; i++)
        {
            MemoryMarshal.Write(argument, 300_000 + (i % 2));
            if (!member.Write(CommandCode.Ask, argument, (ushort)Core.Setting.MaxMessageSize))
            {
                break;
            }

            attacker.Count();
        }
    }

    /// <summary>Connections are made to the bus that say nothing.</summary>
    public static void SilentLinks(Attacker attacker) => Silent(attacker, RuntimeDirectory.BusSocket(attacker.Directory, 0));

    /// <summary>Connections are made to the control socket that say nothing.</summary>
    public static void SilentQuestions(Attacker attacker) => Silent(attacker, RuntimeDirectory.ControlSocket(attacker.Directory));

    /// <summary>A Ksock is opened and closed as fast as can be.</summary>
    public static void Reopen(Attacker attacker) => attacker.Repeat(() => attacker.Open().Dispose());

    /// <summary>The status is asked by many threads all the time.</summary>
    public static void Status(Attacker attacker) => Ask(attacker, "status\n");

    /// <summary>The charges of all are asked by many threads all the time.</summary>
    public static void Charges(Attacker attacker)
    {
        Held.AddRange(attacker.OpenMany(1000));
        Ask(attacker, "charges\n");
    }

    private static void Ask(Attacker attacker, string question) => Attacker.InThreads((int)attacker.Size, _ =>
    {
        using var reader = new StatusReader(attacker.Directory, question);
        while (attacker.GoesOn)
        {
            if (reader.TryAsk(out int result, () => attacker.GoesOn))
            {
                attacker.Count();
            }
            else if (attacker.GoesOn)
            {
                attacker.Refused(result);
            }
        }
    });

    /// <summary>The status of a bus with many bindings is asked for by many who do not read it.</summary>
    public static void UnreadStatus(Attacker attacker)
    {
        RawMember? member = RawMember.Open(attacker.Directory);
        for (int i = 0; i < 100_000 && attacker.Prepares && member is not null; i++)
        {
            member.Write(CommandCode.Bind, "$.Hostile.Unread.Unread.Unread.Unread.Unread"u8);
        }

        string control = RuntimeDirectory.ControlSocket(attacker.Directory);
        while (attacker.GoesOn && Held.Count < attacker.Size)
        {
            int result = UnixSocket.Connect(control, Deadline.After(TimeSpan.FromSeconds(1)), out Descriptor? socket);
            if (result < 0)
            {
                attacker.Refused(result);
                continue;
            }

            _ = LibC.Send(socket!.Number, "status\n"u8, LibC.MessageDontWait);
            Held.Add(socket);
            attacker.Count();
        }
    }

    /// <summary>The memory of links is written to at random.</summary>
    public static void Scribble(Attacker attacker)
    {
        var random = new Random(1);
        while (attacker.GoesOn && RawMember.Open(attacker.Directory) is { } member)
        {
            using (member)
            {
                for (int i = 0; i < 2000 && !member.IsEnded && attacker.GoesOn; i++)
                {
                    for (int words = random.Next(1, 40); words > 0; words--)
                    {
                        Span<byte> bytes = member.Bytes;
                        int at = random.Next(2) == 0 ? random.Next(0x4C0 / 8) * 8 : random.Next((bytes.Length - 8) / 8) * 8;
                        ulong word = random.Next(3) switch { 0 => (ulong)random.Next(64) * 8, 1 => ulong.MaxValue << random.Next(64), _ => (ulong)random.NextInt64() };
                        MemoryMarshal.Write(bytes[at..], word);
                    }

                    member.Ring();
                    attacker.Count();
                }
            }
        }
    }

    /// <summary>The bell of a link is rung as fast as can be, with nothing to say.</summary>
    public static void Bells(Attacker attacker)
    {
        List<RawMember> members = [];
        while (attacker.Prepares && members.Count < attacker.Size && RawMember.Open(attacker.Directory) is { } member)
        {
            members.Add(member);
        }

        while (attacker.GoesOn && members.Count > 0)
        {
            foreach (RawMember member in members)
            {
                member.Ring();
                attacker.Count();
            }
        }
    }

    /// <summary>A process with many Ksocks, each with a binding, is killed; and the next one.</summary>
    public static void Deaths(Attacker attacker)
    {
        foreach (Ksock ksock in attacker.OpenMany(attacker.Size))
        {
            Held.Add(ksock);
            attacker.Try(() => ksock.Bind("$.Hostile.Deaths"));
        }
    }

    private static void Silent(Attacker attacker, string path)
    {
        while (attacker.GoesOn)
        {
            int result = UnixSocket.Connect(path, Deadline.After(TimeSpan.FromSeconds(1)), out Descriptor? socket);
            if (result < 0)
            {
                attacker.Refused(result);
                continue;
            }

            attacker.Count();
            Held.Add(socket!);
            if (Held.Count > attacker.Size)
            {
                // The oldest may have been hung up by now; so many stay open.
                ((Descriptor)Held[0]).Dispose();
                Held.RemoveAt(0);
            }
        }
    }
}
