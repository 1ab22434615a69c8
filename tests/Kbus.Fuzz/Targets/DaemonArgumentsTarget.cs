using System.Text;
using Kbus.Daemon;

namespace Kbus.Fuzz;

/// <summary>The command line of kbusd: words with a NUL after each, and behind an empty word the file that <c>--config</c> names.</summary>
internal sealed class DaemonArgumentsTarget : Target
{
    /// <inheritdoc/>
    public override string Name => "kbusd";

    /// <inheritdoc/>
    public override string About => "the command line of kbusd";

    /// <inheritdoc/>
    public override IEnumerable<byte[]> Seeds =>
    [
        "--buses\04\0--socket-mode=660\0--devices\0--device-links"u8.ToArray(),
        "--config\0f\0--policy\0p\0\0{\"buses\":4}"u8.ToArray(),
        "--devices=/d\0--device-link-dir\0d\0--device-owner\0root\0--device-mode=600\0--exit-when-idle=3"u8.ToArray(),
        "--bsues\04"u8.ToArray(), "--runtime-dir\0/r\0--detached\0--max-ksocks=4\0--absolute-max-message-size=200"u8.ToArray(),
    ];

    /// <inheritdoc/>
    public override void Play(ReadOnlySpan<byte> input)
    {
        string text = Encoding.UTF8.GetString(input);
        int end = text.IndexOf("\0\0", StringComparison.Ordinal);
        string file = end < 0 ? "{}" : text[(end + 2)..];
        string[] words = (end < 0 ? text : text[..end]).Split('\0');
        try
        {
            DaemonOptions options = CommandLine.Parse(words, path => Read(path, file));
            ConfigurationTarget.CheckOptions(options);
            string written = ConfigurationTarget.Write(options);
            Expect(CommandLine.Parse(["--config", "c"], _ => written) == options, $"what was understood is not understood again: {written}");
        }
        catch (KbusdException e)
        {
            Expect(e.Message.Length > 0, "a refusal says nothing");
        }
    }

    /// <summary>As File.ReadAllText refuses what can be no path.</summary>
    private static string Read(string path, string content)
    {
        _ = Path.GetFullPath(path);
        return content;
    }
}
