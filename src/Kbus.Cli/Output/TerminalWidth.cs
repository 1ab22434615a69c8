using System.Globalization;
using Kbus.Linux;

namespace Kbus.Cli;

/// <summary>The number of characters on a line of the terminal.</summary>
internal static class TerminalWidth
{
    /// <summary>The width that a descriptor's terminal has, unless <c>COLUMNS</c> says another; null if it is no terminal and nobody
    /// says.</summary>
    public static int? Of(int descriptor, Func<string, string?> environment)
    {
        if (int.TryParse(environment("COLUMNS"), NumberStyles.None, CultureInfo.InvariantCulture, out int said) && said > 0)
        {
            return said;
        }

        int columns = LibC.TerminalColumns(descriptor);
        return columns > 0 ? columns : null;
    }
}
