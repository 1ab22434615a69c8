using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Kbus.Core;

/// <summary>The amounts that users and processes hold of each limited kind, and their shares.</summary>
/// <remarks>
/// <para>There is one limit for each kind, for all users together. No user can use it up: of what the others leave, he may hold one part
/// in n + 1, where n counts him and the others who hold much. In the same way a process has a share of what its user may hold. So the
/// next one always finds something. After n who took all they could, one part in n + 1 is left.</para>
/// <para>Much is more than the floor. A holder of no more than the floor makes nobody's share smaller. While any is left, each may hold
/// the floor.</para>
/// <para>Every step takes the same time, however many users and processes there are. Nothing here depends on time or chance, so a
/// replicated bus decides alike everywhere. One thread at a time. Source: the shares of dbus-broker gave the idea.</para>
/// </remarks>
internal sealed class ChargeBook(ChargeAmounts limits, ChargeAmounts floors)
{
    // Bytes of messages are advanced in steps of at least so many.
    private const long MostAdvanced = 64 * 1024;

    private readonly long _advance = AdvanceOf(limits[(int)ChargeKind.MessageBytes]);
    private readonly Dictionary<(uint Node, uint User), UserCharges> _users = [];
    private ChargeAmounts _held;
    private ChargeAmounts _usersWithMuch;
    private ChargeAmounts _limits = limits;
    private ChargeAmounts _floors = floors;
    private int _processes;

    /// <summary>The users that hold something.</summary>
    public Dictionary<(uint Node, uint User), UserCharges>.ValueCollection Users => _users.Values;

    /// <summary>The number of processes with Ksocks.</summary>
    public int Processes => _processes;

    /// <summary>The last refusal, and its reason.</summary>
    public QuotaRefusal Refusal { get; private set; }

    /// <summary>In which steps bytes of messages are advanced: a small part of the limit, since a process may keep two such steps without need.</summary>
    public static long AdvanceOf(long limit) => Math.Clamp(limit / 1024, 1, MostAdvanced);

    /// <summary>The limit of a kind in all.</summary>
    public long LimitOf(ChargeKind kind) => _limits[(int)kind];

    /// <summary>The held amount of a kind in all.</summary>
    public long HeldOf(ChargeKind kind) => _held[(int)kind];

    /// <summary>One more Ksock of a process; each is to be followed by one <see cref="Leave"/>.</summary>
    public ProcessCharges Enter(in KsockOwner owner)
    {
        UserCharges user = UserOf(owner.Node, owner.UserId);
        if (!user.Processes.TryGetValue(owner.Process, out ProcessCharges? process))
        {
            process = new ProcessCharges(user, owner.Process, owner.ProcessId);
            user.Processes.Add(owner.Process, process);
            _processes++;
        }

        process.Entries++;
        return process;
    }

    /// <summary>One Ksock of a process less.</summary>
    public void Leave(ProcessCharges process)
    {
        if (--process.Entries > 0)
        {
            return;
        }

        Return(process, process.BytesLeft);
        ForgetForGood(process);
        AssertNothingIsHeld(process);
        UserCharges user = process.User;
        user.Processes.Remove(process.Identity);
        _processes--;
        ForgetIfGone(user);
    }

    /// <summary>Charges something that is about to be taken. Buses (<see cref="ChargeKind.Buses"/>) stay charged on the user when the
    /// process goes.</summary>
    /// <returns>False if it is more than the process may have: nothing is charged, and <see cref="Refusal"/> says why.</returns>
    public bool TryCharge(ProcessCharges process, ChargeKind kind, long amount)
    {
        if (!MayHave(process, kind, amount))
        {
            return false;
        }

        Charge(process, kind, amount);
        return true;
    }

    /// <summary>Whether a process may have so much more of a kind. If not, <see cref="Refusal"/> says why.</summary>
    public bool MayHave(ProcessCharges process, ChargeKind kind, long amount)
    {
        Debug.Assert(process.Entries > 0, "only a process with open Ksocks may have something");
        long usersShare = ShareOf(process.User, kind);
        if (process.User.Held[(int)kind] + amount > usersShare)
        {
            Refusal = new QuotaRefusal(kind, ChargeLevel.User, usersShare);
            return false;
        }

        long share = ShareOf(process, kind, usersShare);
        if (process.Held[(int)kind] + amount > share)
        {
            Refusal = new QuotaRefusal(kind, ChargeLevel.Process, share);
            return false;
        }

        return true;
    }

    /// <summary>Charges something, whether or not the process may have it.</summary>
    public void Charge(ProcessCharges process, ChargeKind kind, long amount)
    {
        UserCharges user = process.User;
        user.ProcessesWithMuch[(int)kind] += Change(ref process.Held, kind, amount);
        _usersWithMuch[(int)kind] += Change(ref user.Held, kind, amount);
        _held[(int)kind] += amount;
    }

    /// <summary>Gives back what was charged.</summary>
    public void Release(ProcessCharges process, ChargeKind kind, long amount)
    {
        Debug.Assert(process.Held[(int)kind] >= amount, "no more is given back than was charged");
        Charge(process, kind, -amount);
    }

    /// <summary>Whether a process may have so many more bytes of messages.</summary>
    /// <remarks>Charges nothing: a sender may ask many recipients and then send nothing to any of them.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool HasBytes(ProcessCharges process, long bytes) =>
        bytes <= process.BytesLeft || MayHave(process, ChargeKind.MessageBytes, bytes - process.BytesLeft);

    /// <summary>Charges bytes of messages, whether or not the process may have them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void UseBytes(ProcessCharges process, long bytes)
    {
        process.BytesLeft -= bytes;
        if (process.BytesLeft < 0)
        {
            Advance(process);
        }
    }

    /// <summary>Gives bytes of messages back.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void ReturnBytes(ProcessCharges process, long bytes)
    {
        process.BytesLeft += bytes;
        if (process.BytesLeft > 2 * _advance)
        {
            Return(process, process.BytesLeft - _advance);
        }
    }

    /// <summary>Saves what each user and each process holds, in the order of their keys.</summary>
    public void Save(BooksWriter writer)
    {
        writer.Write(_users.Count);
        foreach (UserCharges user in _users.Values.OrderBy(u => u.Node).ThenBy(u => u.UserId))
        {
            writer.Write(user.Node);
            writer.Write(user.UserId);
            SaveAmounts(writer, user.Held);
            writer.Write(user.Processes.Count);
            foreach (ProcessCharges process in user.Processes.Values.OrderBy(p => p.Identity))
            {
                writer.Write(process.Identity);
                SaveAmounts(writer, process.Held);
                writer.Write(process.BytesLeft);
            }
        }
    }

    /// <summary>Reads what <see cref="Save"/> wrote, when all Ksocks have been entered.</summary>
    /// <exception cref="BooksException">A process has no Ksock.</exception>
    public void Read(ref BooksReader reader)
    {
        for (int users = reader.ReadCount(); users > 0; users--)
        {
            uint node = reader.ReadUInt32();
            UserCharges user = UserOf(node, reader.ReadUInt32());
            ChargeAmounts held = ReadAmounts(ref reader);
            for (int processes = reader.ReadCount(); processes > 0; processes--)
            {
                ulong identity = reader.ReadUInt64();
                ProcessCharges process = user.Processes.GetValueOrDefault(identity)
                    ?? throw new BooksException("These books contradict themselves: a process without a Ksock is charged.");
                ChargeAmounts amounts = ReadAmounts(ref reader);
                for (int kind = 0; kind < ChargeAmounts.Count; kind++)
                {
                    user.ProcessesWithMuch[kind] += Change(ref process.Held, (ChargeKind)kind, amounts[kind]);
                }

                process.BytesLeft = reader.ReadInt64();
            }

            for (int kind = 0; kind < ChargeAmounts.Count; kind++)
            {
                _usersWithMuch[kind] += Change(ref user.Held, (ChargeKind)kind, held[kind]);
                _held[kind] += held[kind];
            }
        }
    }

    private static void SaveAmounts(BooksWriter writer, in ChargeAmounts amounts)
    {
        foreach (long amount in amounts)
        {
            writer.Write(amount);
        }
    }

    private static ChargeAmounts ReadAmounts(ref BooksReader reader)
    {
        ChargeAmounts amounts = default;
        for (int kind = 0; kind < ChargeAmounts.Count; kind++)
        {
            amounts[kind] = reader.ReadInt64();
        }

        return amounts;
    }

    /// <summary>A process goes: what it made stays, and is its user's.</summary>
    private void ForgetForGood(ProcessCharges process)
    {
        long made = process.Held[(int)ChargeKind.Buses];
        process.User.ProcessesWithMuch[(int)ChargeKind.Buses] += Change(ref process.Held, ChargeKind.Buses, -made);
    }

    private UserCharges UserOf(uint node, uint id)
    {
        if (!_users.TryGetValue((node, id), out UserCharges? user))
        {
            user = new UserCharges(id, node);
            _users.Add((node, id), user);
        }

        return user;
    }

    private void ForgetIfGone(UserCharges user)
    {
        if (user.Processes.Count == 0 && !user.HoldsForGood)
        {
            _users.Remove((user.Node, user.UserId));
        }
    }

    /// <summary>Charges what a process has used, and an advance if it may have one.</summary>
    private void Advance(ProcessCharges process)
    {
        long used = -process.BytesLeft;
        long amount = MayHave(process, ChargeKind.MessageBytes, used + _advance) ? used + _advance : used;
        Charge(process, ChargeKind.MessageBytes, amount);
        process.BytesLeft += amount;
    }

    private void Return(ProcessCharges process, long bytes)
    {
        process.BytesLeft -= bytes;
        Charge(process, ChargeKind.MessageBytes, -bytes);
    }

    /// <summary>The share of a user.</summary>
    public long ShareOf(UserCharges user, ChargeKind kind)
    {
        long left = _limits[(int)kind] - (_held[(int)kind] - user.Held[(int)kind]);
        return Share(left, _usersWithMuch[(int)kind], user.Held[(int)kind], _floors[(int)kind]);
    }

    /// <summary>The share of a process.</summary>
    public long ShareOf(ProcessCharges process, ChargeKind kind) => ShareOf(process, kind, ShareOf(process.User, kind));

    /// <summary>The share of a process within that of its user.</summary>
    private long ShareOf(ProcessCharges process, ChargeKind kind, long usersShare)
    {
        UserCharges user = process.User;
        long left = usersShare - (user.Held[(int)kind] - process.Held[(int)kind]);
        return Share(left, user.ProcessesWithMuch[(int)kind], process.Held[(int)kind], _floors[(int)kind]);
    }

    private static long Share(long left, long withMuch, long held, long floor)
    {
        long others = withMuch - (held > floor ? 1 : 0);
        return Math.Max(left / (others + 2), Math.Min(floor, left));
    }

    /// <summary>Changes an amount.</summary>
    /// <returns>The change of the number of those who hold much: -1, 0 or 1.</returns>
    private long Change(ref ChargeAmounts held, ChargeKind kind, long amount)
    {
        long floor = _floors[(int)kind];
        long before = held[(int)kind];
        held[(int)kind] = before + amount;
        return (before + amount > floor ? 1 : 0) - (before > floor ? 1 : 0);
    }

    [Conditional("DEBUG")]
    private static void AssertNothingIsHeld(ProcessCharges process)
    {
        for (int i = 0; i < ChargeAmounts.Count; i++)
        {
            Debug.Assert(process.Held[i] == 0, $"a process that has gone holds no {(ChargeKind)i}, and not {process.Held[i]}");
        }
    }
}
