using System.Text;
using Kbus.Core;

namespace Kbus;

/// <summary>How messages are printed for people. Source: the paper's examples; spec section 10.3 (<c>str</c>).</summary>
internal static class MessageText
{
    private static readonly (MessageFlags Flag, string Word)[] Words =
    [
        (MessageFlags.WantAReply, "REQ"),
        (MessageFlags.WantYouToReply, "YOU"),
        (MessageFlags.Synthetic, "SYN"),
        (MessageFlags.Urgent, "URG"),
        (MessageFlags.AllOrFail, "aFL"),
        (MessageFlags.AllOrWait, "aWT"),
    ];

    /// <summary>Tells the kind of a message from its header and name.</summary>
    public static MessageKind KindOf(in MessageHeader header, ReadOnlySpan<byte> name)
    {
        if (name.SequenceEqual(MessageName.ReplierBindEvent))
        {
            return MessageKind.ReplierBindEvent;
        }

        if (header.IsReply)
        {
            return name.StartsWith("$.KBUS."u8) ? MessageKind.Status : MessageKind.Reply;
        }

        return header.IsRequest ? MessageKind.Request : MessageKind.Announcement;
    }

    /// <summary>Prints a message, such as <c>&lt;Announcement '$.Actor.Speak', id=[0:2], from=1, data='Ahem'&gt;</c>.</summary>
    public static string Print(Message message)
    {
        MessageKind kind = message.Kind;
        var text = new StringBuilder();
        text.Append('<').Append(kind).Append(' ');
        int bare = text.Length;
        bool isEvent = kind == MessageKind.ReplierBindEvent && ReplierBindEvent.TryRead(message.Data.Span, out _);
        if (!isEvent)
        {
            text.Append('\'').Append(PrintableText.Of(message.NameBytes)).Append('\'');
        }

        Part(text, bare, "id=", message.Id, message.Id.IsNone);
        Part(text, bare, "to=", message.To, message.To == 0);
        Part(text, bare, "from=", message.From, message.From == 0);
        Part(text, bare, "orig_from=", message.OrigFrom, message.OrigFrom.IsNone);
        Part(text, bare, "final_to=", message.FinalTo, message.FinalTo.IsNone);
        Part(text, bare, "in_reply_to=", message.InReplyTo, message.InReplyTo.IsNone);
        Part(text, bare, "flags=", Flags(message.Flags), message.Flags == MessageFlags.None);
        if (isEvent)
        {
            ReplierBindEvent.TryRead(message.Data.Span, out ReplierBindEvent bindEvent);
            Part(text, bare, "", bindEvent, isUnset: false);
        }
        else if (!message.Data.IsEmpty)
        {
            Part(text, bare, "data=", Quote(message.Data.Span), isUnset: false);
        }

        return text.Append('>').ToString();
    }

    /// <summary>Prints flags, such as <c>0x3 (REQ,YOU)</c>.</summary>
    public static string Flags(MessageFlags flags)
    {
        string number = $"0x{(uint)flags:x}";
        string words = string.Join(',', Words.Where(w => (flags & w.Flag) != 0).Select(w => w.Word));
        return words.Length == 0 ? number : $"{number} ({words})";
    }

    /// <summary>Prints bytes as <see cref="Quote(ReadOnlySpan{byte})"/> does, without the quotes: a name that disturbs no terminal, whatever is in it.</summary>
    public static string Escape(ReadOnlySpan<byte> name) => Quote(name)[1..^1];

    /// <summary>Prints a name that disturbs no terminal, whatever is in it.</summary>
    public static string Escape(string name) => Escape(Encoding.UTF8.GetBytes(name));

    /// <summary>Prints a name in quotes, as <see cref="Escape(string)"/> does.</summary>
    public static string Quote(string name) => Quote(Encoding.UTF8.GetBytes(name));

    /// <summary>Prints data in quotes: as text as far as it is printable text, every other byte as <c>\xNN</c>.</summary>
    public static string Quote(ReadOnlySpan<byte> data) => PrintableText.Quote(data);

    private static void Part<T>(StringBuilder text, int bare, string label, T value, bool isUnset)
    {
        if (!isUnset)
        {
            text.Append(text.Length > bare ? ", " : "").Append(label).Append(value);
        }
    }
}
