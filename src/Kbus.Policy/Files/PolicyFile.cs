using System.Text.Unicode;

namespace Kbus.Policy;

/// <summary>A policy file: read whole, checked strictly, users and groups resolved. Nothing of it is used if anything is wrong with
/// it.</summary>
internal static class PolicyFile
{
    /// <summary>The longest file, in bytes.</summary>
    public const int LongestFile = 1024 * 1024;

    /// <summary>Reads a policy.</summary>
    /// <param name="path">The file.</param>
    /// <param name="accounts">Who resolves users and groups.</param>
    /// <exception cref="PolicyException">It cannot be read, or something is wrong with it; the message says what and where.</exception>
    public static PolicyRules Read(string path, AccountNames accounts)
    {
        byte[] bytes;
        try
        {
            using FileStream file = File.OpenRead(path);
            byte[] buffer = new byte[LongestFile + 1];
            int length = file.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
            bytes = buffer[..length];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new PolicyException($"{Shown(path)}: it cannot be read: {Words(e)}.");
        }

        return Parse(path, bytes, accounts);
    }

    /// <summary>Reads a policy from bytes.</summary>
    /// <param name="path">The name of the file.</param>
    /// <param name="bytes">Its content.</param>
    /// <param name="accounts">Who resolves users and groups.</param>
    /// <exception cref="PolicyException">Something is wrong with it; the message says what and where.</exception>
    public static PolicyRules Parse(string path, ReadOnlySpan<byte> bytes, AccountNames accounts)
    {
        if (bytes.Length > LongestFile)
        {
            throw new PolicyException($"{Shown(path)}: it is longer than {LongestFile} bytes.");
        }

        // The mark that some editors put in front says nothing.
        bytes = bytes.StartsWith("\uFEFF"u8) ? bytes[3..] : bytes;
        if (!Utf8.IsValid(bytes))
        {
            throw new PolicyException($"{Shown(path)}: it is not UTF-8.");
        }

        var reader = new PolicyReader(Shown(path), bytes, accounts);
        return new PolicyRules(path, reader.Read());
    }

    private static string Shown(string path) => Kbus.Core.PrintableText.Of(path);

    /// <summary>Why the system refused a file. The library's own words are left out of the shipped programs, to keep them small.</summary>
    private static string Words(Exception e) => e switch
    {
        FileNotFoundException or DirectoryNotFoundException => "there is no such file",
        UnauthorizedAccessException => "permission denied, or it is a directory",
        _ => $"error {e.HResult}",
    };
}
