namespace Kbus.Cli;

/// <summary>Whether Limpets do what they are for: each answers, and each of their links is up or on standby.</summary>
/// <param name="IsGood">Whether that is so.</param>
/// <param name="Line">The same for people, in one line.</param>
internal sealed record LimpetHealth(bool IsGood, string Line)
{
    private const int MostNamed = 5;

    /// <summary>Judges what Limpets said.</summary>
    /// <param name="answers">What they said.</param>
    /// <param name="which">The address of one Limpet, or the name of one peer, as the operator calls it; null for all.</param>
    /// <param name="places">Where they were searched.</param>
    public static LimpetHealth Of(IReadOnlyList<LimpetAnswer> answers, string? which, IReadOnlyList<string> places)
    {
        string[] silent = [.. answers.Where(a => a.Status is null).Select(a => $"the Limpet at {a.Path} gave no report: {a.Fault}")];
        (LimpetStatus Limpet, LimpetLinkStatus Link)[] links =
        [
            .. from limpet in answers.Select(a => a.Status).OfType<LimpetStatus>()
               from link in limpet.Links
               where which is null || which == limpet.Address || which == link.Peer
               select (limpet, link),
        ];
        string[] down =
        [
            .. links.Where(l => !l.Link.IsUp && !l.Link.IsOnStandby).Select(l =>
                $"the link of Limpet {l.Limpet.NetworkId} at {l.Limpet.Address} with {l.Link.Called} is down: {(l.Link.Reason.Length > 0 ? l.Link.Reason.TrimEnd('.') : "there was none yet")}"),
        ];
        string[] faults = which is null || links.Length == 0 ? [.. silent, .. down] : down;
        bool isNobody = links.Length == 0 && (which is not null || answers.Count == 0);
        return isNobody ? Bad(which is null ? $"no Limpet answers in {string.Join(" or ", places)}" : $"no Limpet has the address or a peer {which}")
            : faults.Length == 0 ? new LimpetHealth(true, Good(links.Length, links.Count(l => l.Link.IsOnStandby)))
            : Bad(string.Join("; ", faults.Take(MostNamed)) + (faults.Length > MostNamed ? $"; and {faults.Length - MostNamed} more" : ""));
    }

    private static string Good(int links, int standby) =>
        $"ok: {links} link{(links == 1 ? "" : "s")}, {(standby == 0 ? "all up" : $"{links - standby} up and {standby} on standby")}";

    private static LimpetHealth Bad(string why) => new(false, TerminalText.Of($"not ok: {why}"));
}
