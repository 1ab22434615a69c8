namespace Kbus.Core;

/// <summary>One of the cases in which an errno is given.</summary>
/// <param name="Key">Identifies it among the cases of that errno.</param>
/// <param name="Operations">The operations on which it can come, with spaces between them.</param>
/// <param name="Meaning">Its meaning, in one line.</param>
/// <param name="Advice">What to do about it, in one line.</param>
internal sealed record ErrnoCase(string Key, string Operations, string Meaning, string Advice)
{
    /// <summary>Whether it can come on an operation, such as <c>send</c>.</summary>
    public bool IsOn(string operation) => Array.IndexOf(Operations.Split(' '), operation) >= 0;
}
