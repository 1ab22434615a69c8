namespace Kbus.Core.Tests;

/// <summary>A message as the model keeps it: plain values, copied freely.</summary>
internal sealed record NaiveMessage(
    string Name, byte[] Data, MessageId Id, MessageId InReplyTo, uint To, uint From, MessageFlags Flags, uint Tag = 0)
{
    public bool IsRequest => (Flags & MessageFlags.WantAReply) != 0;

    public bool IsReply => InReplyTo != MessageId.None;

    public bool Has(MessageFlags flag) => (Flags & flag) != 0;

    /// <summary>Bytes of the entire form, counted piece by piece: header, name and NUL in fours, data in fours, guard.</summary>
    public int Length
    {
        get
        {
            int name = Name.Length + 1;
            while (name % 4 != 0)
            {
                name++;
            }

            int data = Data.Length;
            while (data % 4 != 0)
            {
                data++;
            }

            return 88 + name + data + 4;
        }
    }

    public override string ToString() =>
        $"{Name} id={Id} re={InReplyTo} to={To} from={From} flags={(uint)Flags:x} data={Convert.ToHexStringLower(Data)}";
}

/// <summary>A binding: who, what, in which role.</summary>
internal sealed record NaiveBinding(NaiveKsock Ksock, string Name, bool IsReplier)
{
    // Identity counts: equal bindings are different ones.
    public bool Equals(NaiveBinding? other) => ReferenceEquals(this, other);

    public override int GetHashCode() => 0;

    public override string ToString() => $"{(IsReplier ? "R" : "L")} {Name}";

    public bool Matches(string name)
    {
        if (!Name.EndsWith('*') && !Name.EndsWith('%'))
        {
            return name == Name;
        }

        string prefix = Name[..^1];
        return name.StartsWith(prefix, StringComparison.Ordinal) && name.Length > prefix.Length
            && (Name.EndsWith('*') || !name[prefix.Length..].Contains('.', StringComparison.Ordinal));
    }
}

/// <summary>A Request that was given to a replier.</summary>
internal sealed class NaiveDebt(NaiveKsock sender, NaiveKsock replier, MessageId id, string name, uint tag)
{
    public NaiveKsock Sender { get; } = sender;

    public NaiveKsock Replier { get; } = replier;

    public MessageId Id { get; } = id;

    public uint Tag { get; set; } = tag;

    /// <summary>The Request's name.</summary>
    public string Name { get; } = name;

    public bool IsAnswered { get; set; }

    public bool IsOwed => !IsAnswered && Sender.IsOpen;
}

/// <summary>One copy in a queue.</summary>
internal sealed record NaiveEntry(NaiveMessage Message, NaiveBinding? Because = null, NaiveDebt? Debt = null, uint Tag = 0, int Order = 0)
{
    /// <summary>What whoever takes it gets.</summary>
    public NaiveMessage Delivered => Debt is null ? Message : Message with { Flags = Message.Flags | MessageFlags.WantYouToReply };
}

/// <summary>An event that waits for room.</summary>
internal sealed record NaiveSetAside(NaiveBinding Binding, NaiveMessage Message, bool IsMarker);

/// <summary>What the model keeps of a Ksock.</summary>
internal sealed class NaiveKsock(uint id, bool canWrite, uint maxMessages)
{
    public uint Id { get; } = id;

    public bool CanWrite { get; } = canWrite;

    public bool IsOpen { get; set; } = true;

    public uint MaxMessages { get; set; } = maxMessages;

    public bool OnlyOnce { get; set; }

    public MessageId LastSent { get; set; }

    public MessageId LastPushed { get; set; }

    public List<NaiveEntry> Queue { get; } = [];

    /// <summary>The answers that are awaited under a tag.</summary>
    public List<NaiveEntry> Answers { get; } = [];

    /// <summary>How many copies it ever got.</summary>
    public int Copies { get; set; }

    /// <summary>All that counts against its limits.</summary>
    public IEnumerable<NaiveEntry> All => Queue.Concat(Answers);

    public List<NaiveDebt> Outstanding { get; } = [];

    public List<NaiveDebt> Unreplied { get; } = [];

    public NaiveMessage? Waiting { get; set; }

    public bool HoldsSlot { get; set; }

    public ulong Missed { get; set; }

    public NaiveTraffic Traffic { get; } = new();
}
