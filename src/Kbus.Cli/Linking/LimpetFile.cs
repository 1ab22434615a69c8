using System.Text.Unicode;
using Kbus.Limpets;
using Kbus.Policy;

namespace Kbus.Cli;

/// <summary>The file of a server with many peers: read whole, checked strictly. Nothing of it is used if anything is wrong with it.</summary>
internal sealed record LimpetFile
{
    private const int LongestFile = 1024 * 1024;

    /// <summary>Where peers connect.</summary>
    public required LimpetAddress Listen { get; init; }

    /// <summary>The peers.</summary>
    public required IReadOnlyList<LimpetPeer> Peers { get; init; }

    /// <summary>This side's network id.</summary>
    public required uint NetworkId { get; init; }

    /// <summary>The certificate of this side; null without TLS.</summary>
    public string? Certificate { get; init; }

    /// <summary>Its private key; null if it is in the same file.</summary>
    public string? Key { get; init; }

    /// <summary>The authorities' certificates; null for none.</summary>
    public string? Authorities { get; init; }

    /// <summary>Where the protocol without TLS may go: "loopback", "everywhere", or null for Unix sockets alone.</summary>
    public string? Plain { get; init; }

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="options">The options of each link, where the file says nothing else.</param>
    /// <exception cref="CommandException">It cannot be read, or something is wrong with it; the message says what and where.</exception>
    public static LimpetFile Read(string path, LimpetOptions options)
    {
        byte[] bytes;
        try
        {
            using FileStream file = File.OpenRead(path);
            byte[] buffer = new byte[LongestFile + 1];
            bytes = buffer[..file.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException(ExitCode.Failed, $"{path} cannot be read: {SystemFault.Describe(e, path)}", e);
        }

        return Parse(path, bytes, options);
    }

    /// <summary>Reads one from bytes.</summary>
    /// <exception cref="CommandException">Something is wrong with it; the message says what and where.</exception>
    public static LimpetFile Parse(string path, ReadOnlySpan<byte> bytes, LimpetOptions options)
    {
        try
        {
            return Parse(path, bytes, options, new AccountNames());
        }
        catch (PolicyException e)
        {
            throw new CommandException(ExitCode.Failed, e.Message, e);
        }
    }

    /// <summary>How its links are protected. Reads the files of keys and certificates.</summary>
    /// <exception cref="CommandException">One of them cannot be read.</exception>
    public LimpetSecurity Security(Action<string> warn) => new()
    {
        AllowPlain = Plain == "everywhere",
        AllowPlainLoopback = Plain == "loopback",
        Certificate = Certificate is null ? null : KeyFiles.Read(Certificate, Key, warn),
        Authorities = Authorities is null ? [] : KeyFiles.ReadAuthorities(Authorities),
    };

    /// <summary>The same, with users that are resolved otherwise.</summary>
    /// <exception cref="PolicyException">Something is wrong with it; the message says what and where.</exception>
    internal static LimpetFile Parse(string path, ReadOnlySpan<byte> bytes, LimpetOptions options, AccountNames accounts)
    {
        string shown = TerminalText.Of(path);
        if (bytes.Length > LongestFile)
        {
            throw new PolicyException($"{shown}: it is longer than {LongestFile} bytes.");
        }

        // The mark that some editors put in front says nothing.
        bytes = bytes.StartsWith("\uFEFF"u8) ? bytes[3..] : bytes;
        if (!Utf8.IsValid(bytes))
        {
            throw new PolicyException($"{shown}: it is not UTF-8.");
        }

        string directory = Path.GetDirectoryName(Path.GetFullPath(path)) ?? "/";
        return new LimpetFileReader(new JsonWords(shown, bytes), directory, options, accounts).Read();
    }
}
