using System.Globalization;

namespace Kbus.Cli;

/// <summary>Limpets for people: for each one line, and its links in a table. If that is too wide for the terminal, each link has lines of
/// its own.</summary>
/// <param name="width">How wide the terminal is; null for no limit.</param>
internal sealed class LimpetText(int? width)
{
    private const int DigitsOfKey = 16;
    private static readonly string[] Heads =
        ["PEER", "ID", "BUS", "STATE", "SINCE", "IN", "OUT", "BYTES IN", "BYTES OUT", "TRIP", "BACKLOG", "REFUSED", "MISSED", "FROM", "IDENTITY"];

    private static readonly bool[] IsNumber = [false, true, true, false, false, true, true, true, true, true, true, true, true, false, false];

    /// <summary>Writes all down, line by line.</summary>
    /// <param name="answers">What the Limpets said.</param>
    /// <param name="bus">Only links of this bus; null for all.</param>
    public IEnumerable<string> Lines(IEnumerable<LimpetAnswer> answers, uint? bus)
    {
        List<string> lines = [];
        foreach (LimpetAnswer answer in answers)
        {
            if (answer.Status is not { } limpet)
            {
                lines.AddRange(["", .. Wrapped($"Limpet at {TerminalText.Of(answer.Path)}: {answer.Fault}", 0)]);
            }
            else if (bus is null || limpet.Links.Any(l => l.Bus == bus))
            {
                lines.AddRange(["", .. Lines(limpet, [.. limpet.Links.Where(l => bus is null || l.Bus == bus)])]);
            }
        }

        return lines;
    }

    private List<string> Lines(LimpetStatus limpet, LimpetLinkStatus[] links)
    {
        string standby = links.Count(l => l.IsOnStandby) is var waiting and > 0 ? $", {waiting} on standby" : "";
        string away = limpet.SentAway == 0 ? "" : $", {limpet.SentAway} connection{(limpet.SentAway == 1 ? "" : "s")} sent away";
        string first = $"Limpet {limpet.NetworkId}: process {limpet.ProcessId}, {(limpet.IsServer ? "server at" : "client of")} {TerminalText.Of(limpet.Address)}, "
            + $"{(limpet.IsTls ? "TLS" : "no TLS")}, {links.Count(l => l.IsUp)} of {links.Length} link{(links.Length == 1 ? "" : "s")} up{standby}{away}";
        List<string> lines = [.. Wrapped(first, 0)];
        if (links.Length > 0)
        {
            string[] table = [.. TextTable.Lines(IsNumber, [Heads, .. links.Select(Row)])];
            lines.AddRange(table.All(row => row.Length <= (width ?? int.MaxValue)) ? table : links.SelectMany(Narrow));
        }

        lines.AddRange(links.Where(l => !l.IsUp && l.Reason.Length > 0).SelectMany(l => Wrapped($"{TerminalText.Of(l.Called)} is {Word(l)}: {TerminalText.Of(l.Reason)}")));
        return lines;
    }

    private static string[] Row(LimpetLinkStatus link) =>
    [
        link.Peer.Length > 0 ? TerminalText.Of(link.Peer) : "-", link.NetworkId == 0 ? "-" : Text(link.NetworkId), Text(link.Bus), link.State, Since(link),
        Text(link.Messages.In), Text(link.Messages.Out), Text(link.Bytes.In), Text(link.Bytes.Out), RoundTrip(link), Text(link.Backlog), Text(link.Refused),
        Text(link.Missed), Shown(link.Place), Identity(link),
    ];

    /// <summary>A link in lines of its own, for a terminal on which no table fits.</summary>
    private IEnumerable<string> Narrow(LimpetLinkStatus link) => Wrapped(
        $"{TerminalText.Of(link.Called)}: {link.State} since {Since(link)}, bus {link.Bus}, {link.Messages.In} messages in and {link.Messages.Out} out, "
            + $"{link.Bytes.In} bytes in and {link.Bytes.Out} out, round trip {RoundTrip(link)}, backlog {link.Backlog}, {link.Refused} refused, "
            + $"{link.Missed} missed, from {Shown(link.Place)}, {Identity(link)}");

    private static string Word(LimpetLinkStatus link) => link.IsOnStandby ? "on standby" : link.State;

    private static string Since(LimpetLinkStatus link) => link.Since?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture) ?? "-";

    private static string RoundTrip(LimpetLinkStatus link) =>
        link.RoundTrip == 0 ? "-" : string.Create(CultureInfo.InvariantCulture, $"{link.RoundTrip / 1000.0:0.00} ms");

    private static string Shown(string text) => text.Length == 0 ? "-" : TerminalText.Of(text);

    /// <summary>A key is long, and its beginning enough to tell it from others. The report has all of it.</summary>
    private static string Identity(LimpetLinkStatus link)
    {
        string[] words = link.Identity.Split(' ');
        bool isLong = words is ["key", { Length: > DigitsOfKey }, ..];
        string end = words.Length > 2 ? "...," : "...";
        return Shown(isLong ? string.Join(' ', [words[0], words[1][..DigitsOfKey] + end, .. words[2..]]) : link.Identity);
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private IEnumerable<string> Wrapped(string text, int margin = 2)
    {
        string line = new string(' ', margin) + text;
        return width is { } most && line.Length > most ? WrappedText.Lines(text, most, new string(' ', margin), margin + 2) : [line];
    }
}
