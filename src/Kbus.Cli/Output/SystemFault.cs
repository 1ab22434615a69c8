using System.ComponentModel;

namespace Kbus.Cli;

/// <summary>Says why the system refused a file or a program. The library knows one exception for several errnos, and the errno within it.
/// Its own words are left out of the shipped command, to keep it small.</summary>
internal static class SystemFault
{
    /// <summary>Why, in words that go after a colon.</summary>
    /// <param name="e">The exception.</param>
    /// <param name="path">The file that was to be opened, if any. For a directory the library reports a missing permission.</param>
    public static string Describe(Exception e, string? path = null) => e switch
    {
        UnauthorizedAccessException when Directory.Exists(path) => Words(Errno.EISDIR),
        FileNotFoundException or DirectoryNotFoundException => Words(Errno.ENOENT),
        UnauthorizedAccessException { InnerException: IOException { HResult: > 0 } inner } => Words((Errno)inner.HResult),
        UnauthorizedAccessException => Words(Errno.EACCES),
        Win32Exception win32 => Words((Errno)win32.NativeErrorCode),
        IOException io when io.HResult > 0 => Words((Errno)io.HResult),

        // So the library reports a file that may grow no further (ulimit -f).
        ArgumentOutOfRangeException => Words(Errno.EFBIG),
        _ => e.GetType().Name,
    };

    private static string Words(Errno errno) => $"{KbusErrors.Name(errno)} ({KbusErrors.UnixMeaning(errno)}).";
}
