using System.Globalization;
using System.Text;
using Kbus.Limpets;

namespace Kbus.Cli;

/// <summary>What a Limpet says on standard output, each line beginning with its network id once it has begun, as the original's; and
/// before that with the time and the level, if asked for.</summary>
/// <remarks>
/// Lines about a link may contain names as the peer has sent them. They can neither begin a line nor control a terminal. Any thread may
/// call. When nobody reads the lines any more, the command ends, as by SIGPIPE.
/// </remarks>
/// <param name="output">Where to.</param>
/// <param name="verbosity">0: nothing, or with levels errors alone; 1: what happens to the link, 2: each message too.</param>
/// <param name="form">How lines begin.</param>
/// <param name="networkId">The Limpet's network id.</param>
/// <param name="time">The source of time.</param>
/// <param name="stop">Ends the link.</param>
internal sealed class LimpetLines(LineOutput output, uint verbosity, LogForm form, uint networkId, TimeProvider time, Action stop)
{
    private const int LongestLine = 8000;
    private readonly Lock _lock = new();
    private SparingTell? _peers;
    private CommandException? _failure;

    /// <summary>Whether each message is printed.</summary>
    public bool HasTrace => verbosity > 1;

    /// <summary>A line about the whole command.</summary>
    public void Say(string line, LimpetLogLevel level = LimpetLogLevel.Information) => Write(level, TerminalText.Of(line));

    /// <summary>A line about the link.</summary>
    public void Tell(LimpetLogLevel level, string line) => Write(level, $"{networkId} {Escaped(line)}");

    /// <summary>A line about a message.</summary>
    public void Trace(string line) => Write(null, $"{networkId} {Escaped(line)}");

    /// <summary>A link has been made.</summary>
    public void TellPeer(Limpet limpet) => LazyInitializer.EnsureInitialized(ref _peers, () => new SparingTell(Tell, TimeProvider.System))
        .Tell(LimpetLogLevel.Information, $"The other limpet's network id is {limpet.PeerNetworkId}");

    /// <summary>The same with every byte that is not printable ASCII as <c>\xNN</c>, and with <c>\uNNNN</c> for what is no byte.</summary>
    internal static string Escaped(string line)
    {
        if (!line.AsSpan().ContainsAnyExceptInRange(' ', '~'))
        {
            return line;
        }

        var text = new StringBuilder(line.Length + 8);
        foreach (char c in line)
        {
            _ = c switch
            {
                >= ' ' and <= '~' => text.Append(c),
                <= '\xff' => text.Append(CultureInfo.InvariantCulture, $"\\x{(int)c:x2}"),
                _ => text.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
            };
        }

        return text.ToString();
    }

    /// <summary>Throws if the lines could not be written.</summary>
    /// <exception cref="CommandException">They could not.</exception>
    public void Check()
    {
        lock (_lock)
        {
            if (_failure is not null)
            {
                throw _failure;
            }
        }
    }

    /// <summary>Whether a line is written; without a level it is about a message.</summary>
    private bool IsWanted(LimpetLogLevel? level) => verbosity switch
    {
        0 => level == LimpetLogLevel.Error && form != LogForm.Plain,
        1 => level is not null,
        _ => true,
    };

    private string Beginning(LimpetLogLevel? level) => form switch
    {
        LogForm.Times => string.Create(CultureInfo.InvariantCulture, $"{time.GetUtcNow().UtcDateTime:yyyy-MM-dd'T'HH:mm:ss.fff'Z'} {Word(level)} "),
        LogForm.Journal => string.Create(CultureInfo.InvariantCulture, $"<{Priority(level)}>"),
        _ => "",
    };

    private static string Word(LimpetLogLevel? level) => level switch
    {
        LimpetLogLevel.Error => "error",
        LimpetLogLevel.Warning => "warning",
        LimpetLogLevel.Information => "info",
        _ => "debug",
    };

    /// <summary>As syslog has it.</summary>
    private static int Priority(LimpetLogLevel? level) => level switch
    {
        LimpetLogLevel.Error => 3,
        LimpetLogLevel.Warning => 4,
        LimpetLogLevel.Information => 6,
        _ => 7,
    };

    private void Write(LimpetLogLevel? level, string line)
    {
        lock (_lock)
        {
            if (!IsWanted(level) || _failure is not null)
            {
                return;
            }

            try
            {
                output.WriteLine($"{Beginning(level)}{(line.Length <= LongestLine ? line : $"{line[..LongestLine]} (cut off)")}");
                return;
            }
            catch (CommandException e)
            {
                _failure = e;
            }
        }

        // The caller is in the middle of the link's work, so the link must not end under it.
        _ = Task.Run(stop);
    }
}
