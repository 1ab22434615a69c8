using System.Runtime.InteropServices;
using System.Text;

namespace Kbus.Native;

/// <summary>The list of bindings, as the original shows it in <c>/proc/kbus/bindings</c> (D20).</summary>
internal static unsafe class Bindings
{
    /// <summary><c>kbus_read_bindings</c>.</summary>
    [UnmanagedCallersOnly(EntryPoint = "kbusnet_read_bindings")]
    public static int Read(byte** text)
    {
        *text = null;
        try
        {
            byte[] bytes = Encoding.Latin1.GetBytes(BindingsText.Read());
            byte* copy = Making.TryAllocate(bytes.Length + 1L);
            if (copy == null)
            {
                return Failure.Of(Errno.ENOMEM, "read");
            }

            bytes.CopyTo(new Span<byte>(copy, bytes.Length));
            *text = copy;
            return 0;
        }
        catch (Exception e)
        {
            return Failure.Of(e);
        }
    }
}
