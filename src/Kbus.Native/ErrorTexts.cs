using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Text;

namespace Kbus.Native;

/// <summary>What errors mean in general, as C strings that stay where they are.</summary>
internal static unsafe class ErrorTexts
{
    private static readonly ConcurrentDictionary<(Errno Error, string Operation), nint> Texts = new();

    /// <summary>The operations of which a caller may ask.</summary>
    private static readonly string[] Operations = ["open", "bind", "unbind", "find", "send", "reply", "write", "read", "wait", "set"];

    /// <summary><c>kbus_error_text</c>.</summary>
    [UnmanagedCallersOnly(EntryPoint = "kbusnet_error_text")]
    public static byte* Text(int number, byte* operation)
    {
        string about = operation == null ? "" : Encoding.ASCII.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(operation));
        return Kept(Known(number), Operations.Contains(about) ? about : "", KbusErrors.InOneLine);
    }

    /// <summary><c>kbus_error_name</c>.</summary>
    [UnmanagedCallersOnly(EntryPoint = "kbusnet_error_name")]
    public static byte* Name(int number) => Kept(Known(number), "name of", (error, _) => KbusErrors.Name(error));

    private static Errno Known(int number) => (Errno)(number == int.MinValue ? 0 : Math.Abs(number));

    private static byte* Kept(Errno error, string about, Func<Errno, string, string> text) =>
        (byte*)Texts.GetOrAdd((error, about), key => Marshal.StringToCoTaskMemUTF8(text(key.Error, key.Operation)));
}
