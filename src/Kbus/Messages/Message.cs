using System.Text;
using Kbus.Core;

namespace Kbus;

/// <summary>A message: a name, data, and the header that says who it is from, who it is for and what it answers.</summary>
/// <remarks>
/// <para>Messages never change. To send, make an <see cref="Announcement"/>, a <see cref="Request"/> or (by <see cref="ReplyTo(Message,string,MessageFlags)"/>) a
/// <see cref="Reply"/>; a plain <see cref="Message"/> can be any of them. What a Ksock reads is of the class that fits:
/// those three or <see cref="Status"/>. Copies with one thing changed are made by <see cref="MessageCopies"/>.</para>
/// <para>The bus fills in <see cref="Id"/> and <see cref="From"/> of its own copy when a message is sent; the message that
/// was sent stays as it was and can be sent again. Source: spec sections 3 and 10.3.</para>
/// <para>Data is not copied when a message is made from memory: leave that memory unchanged while the message is in use.</para>
/// </remarks>
public partial class Message : IEquatable<Message>
{
    private MessageHeader _header;
    private readonly byte[] _nameBytes;

    /// <summary>Makes a message whose data is text, in UTF-8.</summary>
    /// <param name="name">Its name: <c>$.</c> and words separated by dots.</param>
    /// <param name="text">The data as text; null or empty for none.</param>
    /// <exception cref="ArgumentException">The name does not start with <c>$.</c>, or is shorter than 3 bytes.</exception>
    public Message(string name, string? text)
        : this(name, BytesOf(text))
    {
    }

    /// <summary>Makes a message.</summary>
    /// <param name="name">Its name: <c>$.</c> and words separated by dots.</param>
    /// <param name="data">The data, not copied; empty for none.</param>
    /// <exception cref="ArgumentException">The name does not start with <c>$.</c>, or is shorter than 3 bytes.</exception>
    public Message(string name, ReadOnlyMemory<byte> data = default)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (!name.StartsWith("$.", StringComparison.Ordinal))
        {
            throw new ArgumentException($"Message name \"{PrintableText.Of(name)}\" does not start \"$.\".");
        }

        _nameBytes = Encoding.UTF8.GetBytes(name);
        if (_nameBytes.Length < MessageName.MinLength)
        {
            throw new ArgumentException($"Message name is {_nameBytes.Length} long, minimum is {MessageName.MinLength} (e.g., '$.*').");
        }

        Name = name;
        Data = data;
    }

    private protected Message(in MessageHeader header, byte[] nameBytes, byte[] data)
    {
        _header = header;
        _nameBytes = nameBytes;
        Name = Encoding.Latin1.GetString(nameBytes);
        Data = data;
    }

    /// <summary>The message's name.</summary>
    public string Name { get; private set; }

    /// <summary>The message's data; empty if it has none.</summary>
    public ReadOnlyMemory<byte> Data { get; private set; }

    /// <summary>The data as text, read as UTF-8.</summary>
    public string DataAsText => Encoding.UTF8.GetString(Data.Span);

    /// <summary>Which message it is: <c>[0:0]</c> until the bus has given it an id.</summary>
    /// <remarks>An id with a network id other than 0 is kept by the bus; only Limpets set one. Spec section 3.6.</remarks>
    public MessageId Id
    {
        get => _header.Id;
        init => _header.Id = value;
    }

    /// <summary>The id of the Request that this message answers; <c>[0:0]</c> if it answers none.</summary>
    public MessageId InReplyTo
    {
        get => _header.InReplyTo;
        init
        {
            CheckInReplyTo(value);
            _header.InReplyTo = value;
        }
    }

    /// <summary>The Ksock that it is for: of a Reply its requester, of a stateful Request its replier; otherwise 0.</summary>
    public uint To
    {
        get => _header.To;
        init => _header.To = value;
    }

    /// <summary>The Ksock that sent it; 0 for the bus itself, or if it was not sent. What a sender sets here is overwritten.</summary>
    public uint From
    {
        get => _header.From;
        init => _header.From = value;
    }

    /// <summary>Where it came from first, if Limpets carried it.</summary>
    public OrigFrom OrigFrom
    {
        get => _header.OrigFrom;
        init => _header.OrigFrom = value;
    }

    /// <summary>Where it is to go in the end, if Limpets carry it.</summary>
    public OrigFrom FinalTo
    {
        get => _header.FinalTo;
        init => _header.FinalTo = value;
    }

    /// <summary>Its flags. Source: spec section 1.3.</summary>
    public MessageFlags Flags
    {
        get => _header.Flags;
        init => _header.Flags = CheckFlags(value);
    }

    /// <summary>A reserved field of the header, always 0 in what a bus delivers.</summary>
    public uint Extra
    {
        get => _header.Extra;
        init => _header.Extra = value;
    }

    /// <summary>What kind of message it is, whatever its class.</summary>
    public MessageKind Kind => MessageText.KindOf(_header, _nameBytes);

    /// <summary>True if it wants a reply.</summary>
    public bool IsRequest => _header.IsRequest;

    /// <summary>True if it wants a reply from one certain Ksock (a Request with <see cref="To"/> set).</summary>
    public bool IsStatefulRequest => IsRequest && To != 0;

    /// <summary>True if it answers a Request: a Reply, or a Status.</summary>
    public bool IsReply => _header.IsReply;

    /// <summary>True if it answers a Request in the place of the replier.</summary>
    public bool IsStatus => Kind == MessageKind.Status;

    /// <summary>True if the bus itself made it.</summary>
    public bool IsSynthetic => (Flags & MessageFlags.Synthetic) != 0;

    /// <summary>True if it goes to the front of each queue that it enters.</summary>
    public bool IsUrgent => (Flags & MessageFlags.Urgent) != 0;

    /// <summary>True if whoever read this very copy is to reply to it.</summary>
    public bool WantsUsToReply => (Flags & MessageFlags.WantYouToReply) != 0;

    /// <summary>Bytes of the entire form, which is what a bus's limit of message size counts. Source: spec section 3.3.</summary>
    public long EntireLength => MessageLayout.EntireLength((uint)_nameBytes.Length, (uint)Data.Length);

    internal ref readonly MessageHeader Header => ref _header;

    internal ReadOnlySpan<byte> NameBytes => _nameBytes;

    /// <summary>True if the two are equal in every field that travels; the class does not count. Source: spec section 10.3.</summary>
    /// <param name="left">A message.</param>
    /// <param name="right">Another.</param>
    public static bool operator ==(Message? left, Message? right) => left is null ? right is null : left.Equals(right);

    /// <summary>True if the two differ in any field that travels.</summary>
    /// <param name="left">A message.</param>
    /// <param name="right">Another.</param>
    public static bool operator !=(Message? left, Message? right) => !(left == right);

    /// <summary>True if <paramref name="other"/> is equal in id, in_reply_to, to, from, orig_from, final_to, flags, name and data.</summary>
    /// <param name="other">The message to compare with.</param>
    public bool Equals(Message? other) =>
        other is not null
        && (ReferenceEquals(this, other) || (Id == other.Id && InReplyTo == other.InReplyTo && To == other.To && From == other.From
            && OrigFrom == other.OrigFrom && FinalTo == other.FinalTo && Flags == other.Flags
            && NameBytes.SequenceEqual(other.NameBytes) && Data.Span.SequenceEqual(other.Data.Span)));

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Message);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = default(HashCode);
        hash.Add(Id);
        hash.Add(InReplyTo);
        hash.Add(Flags);
        hash.AddBytes(NameBytes);
        hash.AddBytes(Data.Span);
        return hash.ToHashCode();
    }

    /// <summary>The printed form of the paper, such as <c>&lt;Announcement '$.Actor.Speak', id=[0:2], from=1, data='Ahem'&gt;</c>.</summary>
    /// <remarks>Fields that are not set are left out; bytes of the data that are not printable text stand as <c>\xNN</c>.</remarks>
    public override string ToString() => MessageText.Print(this);

    private protected virtual MessageFlags CheckFlags(MessageFlags flags) => flags;

    private protected virtual void CheckInReplyTo(MessageId inReplyTo)
    {
    }

    private static ReadOnlyMemory<byte> BytesOf(string? text) => string.IsNullOrEmpty(text) ? default : Encoding.UTF8.GetBytes(text);
}
