using System.Globalization;
using System.Runtime.InteropServices;

namespace Kbus.Cli;

/// <summary>The number of characters on a line of the terminal.</summary>
internal static partial class TerminalWidth
{
    private const nuint GetWindowSize = 0x5413;

    /// <summary>The width that a descriptor's terminal has, unless <c>COLUMNS</c> says another; null if it is no terminal and nobody
    /// says.</summary>
    public static unsafe int? Of(int descriptor, Func<string, string?> environment)
    {
        if (int.TryParse(environment("COLUMNS"), NumberStyles.None, CultureInfo.InvariantCulture, out int said) && said > 0)
        {
            return said;
        }

        WindowSize size = default;
        return Control(descriptor, GetWindowSize, &size) == 0 && size.Columns > 0 ? size.Columns : null;
    }

    [LibraryImport("libc", EntryPoint = "ioctl")]
    private static unsafe partial int Control(int descriptor, nuint request, WindowSize* size);

    [StructLayout(LayoutKind.Sequential)]
    private struct WindowSize
    {
        public ushort Rows;
        public ushort Columns;
        public ushort Width;
        public ushort Height;
    }
}
