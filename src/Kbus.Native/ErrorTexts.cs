using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Text;

namespace Kbus.Native;

/// <summary>What errors mean, as C strings that stay where they are.</summary>
internal static unsafe class ErrorTexts
{
    private static readonly ConcurrentDictionary<(Errno Error, string Operation), nint> Texts = new();

    /// <summary>What a paragraph of an error's meaning begins with, by the name of the operation that it is about.</summary>
    private static readonly Dictionary<string, string[]> Openings = new()
    {
        ["open"] = ["open a Ksock", "opening a Ksock"],
        ["bind"] = ["to bind"],
        ["unbind"] = ["unbind"],
        ["find"] = ["find a replier"],
        ["send"] = ["send", "sending"],
        ["reply"] = ["send a Reply", "making a Reply", "ALL_OR_FAIL", "ALL_OR_WAIT"],
        ["write"] = ["to write", "to send"],
        ["read"] = ["read", "taking"],
        ["wait"] = ["waiting"],
        ["set"] = ["change a setting", "asking for"],
    };

    /// <summary><c>kbus_error_text</c>.</summary>
    [UnmanagedCallersOnly(EntryPoint = "kbusnet_error_text")]
    public static byte* Text(int number, byte* operation)
    {
        string about = operation == null ? "" : Encoding.ASCII.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(operation));
        return Kept(Known(number), about, Of);
    }

    /// <summary><c>kbus_error_name</c>.</summary>
    [UnmanagedCallersOnly(EntryPoint = "kbusnet_error_name")]
    public static byte* Name(int number) => Kept(Known(number), "name of", (error, _) => KbusErrors.Name(error));

    /// <summary>The meaning and the advice on one line.</summary>
    internal static string Of(Errno error, string operation)
    {
        if (error == Errno.None)
        {
            return "Success";
        }

        if (KbusErrors.KbusMeaning(error) is not { } meaning)
        {
            return KbusErrors.UnixMeaning(error);
        }

        string[] paragraphs = meaning.Split("\n\n");
        string[] opening = Openings.GetValueOrDefault(operation, []);
        string[] fitting = [.. paragraphs.Where(p => opening.Any(o => Lead(p).Contains(o, StringComparison.Ordinal)))];
        string chosen = string.Join(' ', fitting.Length > 0 ? fitting : paragraphs).Replace('\n', ' ');
        return $"{chosen} {KbusErrors.Advice(error)}";
    }

    private static string Lead(string paragraph)
    {
        // "On attempting to bind, unbind or send, the message name ...": what happened begins behind the last comma before the subject.
        int end = paragraph.IndexOf(", the ", StringComparison.Ordinal);
        end = end < 0 ? paragraph.IndexOf(", ", StringComparison.Ordinal) : end;
        return end < 0 ? paragraph : paragraph[..end].Replace('\n', ' ');
    }

    private static Errno Known(int number) => (Errno)(number == int.MinValue ? 0 : Math.Abs(number));

    private static byte* Kept(Errno error, string operation, Func<Errno, string, string> text)
    {
        string about = Openings.ContainsKey(operation) || operation == "name of" ? operation : "";
        return (byte*)Texts.GetOrAdd((error, about), key => Marshal.StringToCoTaskMemUTF8(text(key.Error, key.Operation)));
    }
}
