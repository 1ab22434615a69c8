using System.Runtime.InteropServices;
using System.Text;
using Kbus.Core;
using Kbus.Link;

namespace Kbus.Simulation;

/// <content>Sending. Each message says in its header who sent it and which it is, in a field that buses carry untouched; its data follow from that.</content>
internal sealed partial class Member
{
    private const int BigData = MessageSizes.LargestInline;
    private static readonly byte[] Pattern = MakePattern();

    private (Sending Sending, byte[] Data, int Done, ushort Flags)? _big;
    private bool _isArmedForRoom;
    private bool _retriedSinceArmed;
    private long _armedAt;
    private uint _lastGivenSerial;

    /// <summary>Everything that it sent or tried to send.</summary>
    public List<Sending> Sendings { get; } = [];

    /// <summary>The message that waits for room.</summary>
    public Sending? Waiting { get; private set; }

    /// <summary>True if it waits to be rung when there is room, and was not rung.</summary>
    public bool SleepsForRoomUnrung => Waiting is not null && !HearRings() && _isArmedForRoom && _retriedSinceArmed;

    /// <summary>The data of a message.</summary>
    public static ReadOnlySpan<byte> DataOf(int ordinal, int number, int length) => Pattern.AsSpan(((ordinal * 37) + (number * 101)) % 251, length);

    private void Send(ref Dice dice, bool isRequest)
    {
        string name = dice.Of<string>(_world.Scenario.Names);
        MessageFlags flags = SomeFlags(ref dice);
        uint to = 0;
        if (isRequest)
        {
            flags |= MessageFlags.WantAReply;
            to = dice.OneIn(4) ? SomeKsock(ref dice) : 0;
            if (IsLimpet && !dice.OneIn(3))
            {
                flags |= MessageFlags.WantYouToReply;
            }
        }

        if (dice.OneIn(60))
        {
            name = dice.Of<string>(["$.", "$.A.*", "$..B"]);
        }

        Send(ref dice, name, flags, to, default);
    }

    private void Reply(ref Dice dice)
    {
        // Now and then to something that is not this Ksock's to answer.
        if (dice.OneIn(25) && Receipts.Count > 0)
        {
            Receipt any = Receipts[dice.Below(Receipts.Count)];
            Send(ref dice, dice.Of<string>(_world.Scenario.Names), SomeFlags(ref dice), any.Header.From, any.Header.Id);
            return;
        }

        if (Owed.Count == 0)
        {
            return;
        }

        int which = dice.Below(Owed.Count);
        Receipt request = Owed[which];
        MessageFlags flags = SomeFlags(ref dice) | (dice.OneIn(_world.Scenario.Theme == Theme.Policies ? 2 : _world.Laws.Exist ? 4 : 15) ? MessageFlags.WantAReply : MessageFlags.None);
        if (IsLimpet && (flags & MessageFlags.WantAReply) != 0)
        {
            flags |= MessageFlags.WantYouToReply;
        }

        if (Send(ref dice, dice.Of<string>(_world.Scenario.Names), flags, request.Header.From, request.Header.Id))
        {
            Owed.RemoveAt(which);
        }
    }

    /// <summary>Sends an announcement that nobody can refuse.</summary>
    public void AnnouncePlainly(ref Dice dice, string name) => Send(ref dice, name, MessageFlags.None, 0, default, isPlain: true);

    /// <summary>Sends an announcement that reaches all or waits.</summary>
    public void AnnounceOrWait(ref Dice dice, string name) => Send(ref dice, name, MessageFlags.AllOrWait, 0, default, isPlain: true);

    /// <summary>Sends a Request whose answer it awaits.</summary>
    public void AskAwaiting(ref Dice dice, string name) => Send(ref dice, name, MessageFlags.WantAReply, 0, default, isPlain: true, isAwaited: true);

    /// <summary>Answers the oldest Request that it owes an answer, plainly.</summary>
    /// <returns>False if there is none.</returns>
    public bool ReplyPlainly(ref Dice dice, MessageFlags flags = MessageFlags.None)
    {
        if (Owed.Count == 0 || !CanSend || Waiting is not null)
        {
            return false;
        }

        Receipt request = Owed[0];
        if (Send(ref dice, "$.Answer", flags, request.Header.From, request.Header.Id, isPlain: true))
        {
            Owed.RemoveAt(0);
        }

        return true;
    }

    private bool Send(ref Dice dice, string name, MessageFlags flags, uint to, MessageId inReplyTo, bool isPlain = false, bool isAwaited = false)
    {
        if (!CanSend || _big is not null || (Waiting is not null && !dice.OneIn(10)))
        {
            AddParts(1 + dice.Below(3));
            return false;
        }

        bool isBig = !isPlain && _world.Scenario.BigOneIn > 0 && dice.OneIn(_world.Scenario.BigOneIn);
        int length = isPlain ? 4 : isBig ? BigData + dice.Below(9000) : dice.Below(dice.OneIn(3) ? _world.Scenario.MostInlineData : 40);
        MessageId given = default;
        if (!isPlain && (dice.OneIn(15) || (IsLimpet && dice.OneIn(2))))
        {
            // Seldom the same one as before, as a Limpet may whose other bus began anew.
            given = new MessageId((uint)(200 + Ordinal), dice.OneIn(_world.Scenario.Theme == Theme.Repeats ? 2 : 8) && _lastGivenSerial > 0 ? _lastGivenSerial : ++_lastGivenSerial);
        }

        var header = new MessageHeader { Flags = flags, To = to, InReplyTo = inReplyTo, Id = given };
        var sending = new Sending
        {
            By = this,
            Number = Sendings.Count + 1,
            Name = name,
            Flags = flags,
            To = to,
            InReplyTo = inReplyTo,
            GivenId = given,
            Length = length,
            EntireLength = (int)MessageLayout.EntireLength((uint)name.Length, (uint)length),
            IsAwaited = (isAwaited | dice.OneIn(_world.Scenario.Theme is Theme.Answers or Theme.Piles ? 2 : 4)) && !IsGuest && (flags & MessageFlags.WantAReply) != 0,
            IsOverheard = IsLimpet && header.IsOverheard,
        };
        ushort commandFlags = sending.IsAwaited ? CommandFlags.Awaited : (ushort)0;
        if (IsTooBig(sending))
        {
            return false;
        }

        byte[] body = BodyOf(sending, isBig ? 0 : length);
        if (sending.IsAwaited)
        {
            body = [.. BitConverter.GetBytes((ulong)sending.Number), .. body];
        }

        if (isBig)
        {
            var begin = new Call { Code = CommandCode.SendBegin, Flags = commandFlags };
            if (!Post(begin, dice.OneIn(4), body, isAnswered: false))
            {
                return false;
            }

            sending.Begun = begin.Begun;
            _big = (sending, DataOf(Ordinal, sending.Number, length).ToArray(), 0, commandFlags);
        }
        else
        {
            var call = new Call { Code = CommandCode.Send, Flags = commandFlags, Sending = sending, IsPointy = IsGuest && dice.OneIn(3) };

            // What a guest sends can be taken before the call returns.
            Sendings.Add(sending);
            if (!Post(call, dice.OneIn(4), body))
            {
                Sendings.RemoveAt(Sendings.Count - 1);
                return false;
            }

            (sending.Begun, sending.From, sending.Order) = (call.Begun, call.Begun, call.Order);
        }

        sending.Fate = isBig ? Fate.Dropped : Fate.Unknown;
        if (isBig)
        {
            Sendings.Add(sending);
        }

        AddParts(1 + dice.Below(4));
        return true;
    }

    /// <summary>Posts more of a big message. One whose sender goes before its last part must reach nobody.</summary>
    private void AddParts(int most)
    {
        while (most-- > 0 && _big is var (sending, data, done, flags))
        {
            int room = Math.Min(8 * 1024, data.Length - done);
            bool isLast = done + room == data.Length;
            var call = new Call { Code = CommandCode.SendPart, Sending = sending, IsLastPart = isLast };
            if (!Post(call, isRungLater: false, data.AsSpan(done, room), isLast))
            {
                return;
            }

            _big = isLast ? null : (sending, data, done + room, flags);
            if (isLast)
            {
                (sending.From, sending.Order, sending.Fate) = (call.Begun, call.Order, Fate.Unknown);
            }
        }
    }

    private byte[] BodyOf(Sending sending, int dataLength)
    {
        int offset = MessageLayout.DataOffset((uint)sending.Name.Length);
        byte[] body = new byte[dataLength == sending.Length ? sending.EntireLength : offset];
        var header = new MessageHeader
        {
            Id = sending.GivenId,
            InReplyTo = sending.InReplyTo,
            To = sending.To,
            From = 4711,
            FinalTo = new OrigFrom(Bus.Mark(Ordinal), (uint)sending.Number),
            Flags = sending.Flags,
            NameLength = (uint)sending.Name.Length,
            DataLength = (uint)sending.Length,
        };
        header.MakeEntire();
        MemoryMarshal.Write(body, in header);
        Encoding.ASCII.GetBytes(sending.Name, body.AsSpan(MessageHeader.Size));
        if (dataLength > 0)
        {
            DataOf(Ordinal, sending.Number, dataLength).CopyTo(body.AsSpan(offset));
        }

        if (dataLength == sending.Length)
        {
            MemoryMarshal.Write(body.AsSpan(body.Length - sizeof(uint)), MessageHeader.EndGuardValue);
        }

        return body;
    }

    /// <summary>As the library does, it refuses by itself what is greater than the bus allows just now. Of a guest the bus does.</summary>
    private bool IsTooBig(Sending sending) => !IsGuest && sending.EntireLength > MaxMessageSizeTold;

    private uint SomeKsock(ref Dice dice)
    {
        Member member = Bus.Members[dice.Below(Bus.Members.Count)];
        return member.KsockId == 0 ? 77 : member.KsockId;
    }

    private MessageFlags SomeFlags(ref Dice dice)
    {
        int manner = dice.Below(3);
        (int orWait, int orFail) = _world.Scenario.Manners;
        MessageFlags flags = manner < orWait ? MessageFlags.AllOrWait : manner < orWait + orFail ? MessageFlags.AllOrFail : MessageFlags.None;
        if (dice.OneIn(_world.Scenario.UrgentOneIn))
        {
            flags |= MessageFlags.Urgent;
        }

        // Which the bus takes away, and one that it carries.
        return flags | (dice.OneIn(12) ? MessageFlags.Synthetic : MessageFlags.None) | (dice.OneIn(12) ? (MessageFlags)0x10000 : MessageFlags.None);
    }

    private static byte[] MakePattern()
    {
        byte[] pattern = new byte[256 + BigData + 9000];
        var dice = new Dice(1);
        for (int i = 0; i < pattern.Length; i++)
        {
            pattern[i] = (byte)dice.Next();
        }

        return pattern;
    }
}
