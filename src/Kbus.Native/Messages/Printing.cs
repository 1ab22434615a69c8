using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Kbus.Native;

/// <summary>Messages in print, as spec section 11.2 has them.</summary>
internal static unsafe class Printing
{
    private const uint Abbreviate = 1;
    private const int AbbreviatedLength = 20;
    private const int DataBytesInLine = 16;
    private const int AllBytesInLine = 26;

    private static readonly (MessageFlags Flag, string Word)[] Words =
    [
        (MessageFlags.WantAReply, "REQ"),
        (MessageFlags.WantYouToReply, "YOU"),
        (MessageFlags.Synthetic, "SYN"),
        (MessageFlags.Urgent, "URG"),
        (MessageFlags.AllOrFail, "aFL"),
        (MessageFlags.AllOrWait, "aWT"),
    ];

    /// <summary><c>kbus_msg_print2</c>.</summary>
    [UnmanagedCallersOnly(EntryPoint = "kbusnet_msg_print2")]
    public static void Print(void* file, NativeMessage* message, uint flags)
    {
        if (message != null)
        {
            CFile.Write(file, Encoding.Latin1.GetBytes(Line(message, (flags & Abbreviate) != 0)));
        }
    }

    /// <summary><c>kbus_msg_dump</c>, on standard output; its second argument changes nothing.</summary>
    [UnmanagedCallersOnly(EntryPoint = "kbusnet_msg_dump")]
    public static void Dump(void* file, NativeMessage* message, int dumpData)
    {
        _ = dumpData;
        if (message != null)
        {
            CFile.Write(file, Encoding.Latin1.GetBytes(Lines(message)));
        }
    }

    /// <summary>A message on one line.</summary>
    private static string Line(NativeMessage* message, bool isAbbreviated)
    {
        ReadOnlySpan<byte> name = NativeMessage.NameBytes(message);
        ReadOnlySpan<byte> data = NativeMessage.DataBytes(message);
        bool isEvent = name.SequenceEqual("$.KBUS.ReplierBindEvent"u8);
        var text = new StringBuilder();
        text.Append('<').Append(isEvent ? "ReplierBindEvent" : KindOf(message, name));
        if (!isEvent)
        {
            Append(text.Append(" '"), name).Append('\'');
        }

        Part(text, "id=", message->Id, message->Id.IsNone);
        Part(text, "to=", message->To, message->To == 0);
        Part(text, "from=", message->From, message->From == 0);
        Part(text, "orig_from=", message->OrigFrom, message->OrigFrom.IsNone);
        Part(text, "final_to=", message->FinalTo, message->FinalTo.IsNone);
        Part(text, "in_reply_to=", message->InReplyTo, message->InReplyTo.IsNone);
        if (message->Flags != MessageFlags.None)
        {
            text.Append(CultureInfo.InvariantCulture, $" flags=0x{(uint)message->Flags:x}");
            foreach ((MessageFlags flag, string word) in Words)
            {
                text.Append((message->Flags & flag) != 0 ? " " + word : "");
            }
        }

        if (isEvent && BindEventData.TryRead(data, out BindEventData bound, out ReadOnlySpan<byte> boundName))
        {
            Append(text.Append(" data= [").Append(bound.IsBind != 0 ? "Bind '" : "Unbind '"), boundName);
            text.Append(CultureInfo.InvariantCulture, $"' for {bound.Binder}]");
        }
        else if (!data.IsEmpty)
        {
            bool isCut = isAbbreviated && data.Length > AbbreviatedLength;
            Append(text.Append(" data="), isCut ? data[..AbbreviatedLength] : data).Append(isCut ? "..." : "");
        }

        return text.Append('>').ToString();
    }

    /// <summary>A message on many lines, one for each field, and its bytes.</summary>
    private static string Lines(NativeMessage* message)
    {
        ReadOnlySpan<byte> name = NativeMessage.NameBytes(message);
        ReadOnlySpan<byte> data = NativeMessage.DataBytes(message);
        var text = new StringBuilder();
        void Field(string label, string value) => text.Append(CultureInfo.InvariantCulture, $"  {label,-12}{value}\n");

        text.Append(CultureInfo.InvariantCulture, $"Message at 0x{(nuint)message:x}\n");
        Field("start guard", $"0x{message->StartGuard:x8}");
        Field("id", $"{{{message->Id.NetworkId},{message->Id.SerialNumber}}}");
        Field("in_reply_to", $"{{{message->InReplyTo.NetworkId},{message->InReplyTo.SerialNumber}}}");
        Field("to", $"{message->To}");
        Field("from", $"{message->From}");
        Field("orig_from", $"{{{message->OrigFrom.NetworkId},{message->OrigFrom.LocalId}}}");
        Field("final_to", $"{{{message->FinalTo.NetworkId},{message->FinalTo.LocalId}}}");
        Field("flags", $"{(uint)message->Flags:x8}");
        Field("name_len", $"{message->NameLength}");
        Field("data_len", $"{message->DataLength}");
        Field("name ptr", $"0x{(nuint)message->NamePointer:x}");
        Field("data ptr", $"0x{(nuint)message->DataPointer:x}");
        Field("end guard", $"0x{message->EndGuard:x8}");
        Field("name", Shown(name));
        Field("data", Shown(data));
        Bytes(text, data, DataBytesInLine);
        long length = message->IsPointy ? NativeMessage.Size : message->EntireLength;
        text.Append("  all bytes\n");
        Bytes(text, new ReadOnlySpan<byte>(message, (int)Math.Min(length, int.MaxValue)), AllBytesInLine);
        return text.ToString();
    }

    private static string KindOf(NativeMessage* message, ReadOnlySpan<byte> name) =>
        message->IsReply ? name.StartsWith("$.KBUS."u8) ? "Status" : "Reply"
        : message->IsRequest ? "Request"
        : "Announcement";

    private static void Part<T>(StringBuilder text, string label, T value, bool isUnset)
    {
        if (!isUnset)
        {
            text.Append(CultureInfo.InvariantCulture, $" {label}{value}");
        }
    }

    /// <summary>Bytes as they are, if they are printable ASCII, or else as <c>\xNN</c>: a message that was not sent yet may have any name.</summary>
    private static StringBuilder Append(StringBuilder text, ReadOnlySpan<byte> bytes)
    {
        foreach (byte b in bytes)
        {
            _ = IsPrintable(b) ? text.Append((char)b) : text.Append(CultureInfo.InvariantCulture, $"\\x{b:x2}");
        }

        return text;
    }

    private static string Shown(ReadOnlySpan<byte> data)
    {
        var text = new StringBuilder(data.Length);
        foreach (byte b in data)
        {
            text.Append(IsPrintable(b) ? (char)b : '?');
        }

        return text.ToString();
    }

    private static void Bytes(StringBuilder text, ReadOnlySpan<byte> bytes, int inLine)
    {
        for (int at = 0; at < bytes.Length; at += inLine)
        {
            text.Append("   ");
            foreach (byte b in bytes[at..Math.Min(at + inLine, bytes.Length)])
            {
                text.Append(CultureInfo.InvariantCulture, $" {b:x2}");
            }

            text.Append('\n');
        }
    }

    private static bool IsPrintable(byte b) => b is >= 0x20 and < 0x7F;
}
