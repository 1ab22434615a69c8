namespace Kbus.Core;

/// <summary>Errors in words.</summary>
internal static class ErrnoText
{
    /// <summary>Name and Unix meaning, such as <c>EPIPE (Broken pipe)</c>.</summary>
    public static string Describe(this Errno error) => $"{ErrnoTable.Name(error)} ({ErrnoTable.UnixMeaning(error)})";
}
