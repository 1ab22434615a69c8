namespace Kbus.Policy;

/// <summary>The permissions that one policy gives one identity on one bus. They never change, so any thread may ask.</summary>
internal sealed class Permissions
{
    private readonly Verdict[] _verdicts = new Verdict[PolicyActions.All.Count];
    private readonly Dictionary<PolicyAction, NameRules> _names = [];

    /// <summary>Picks what applies out of a policy.</summary>
    public Permissions(IEnumerable<PolicyRule> rules, Identity identity, uint bus, ulong seed)
    {
        PolicyRule[] mine = [.. rules.Where(r => r.AppliesTo(identity, bus))];
        foreach (PolicyAction action in PolicyActions.All)
        {
            if (PolicyActions.IsOfNames(action))
            {
                _names[action] = new NameRules(
                    mine.Where(r => r.Names.ContainsKey(action)).SelectMany(r => r.Names[action].Select(p => new NameRule(p, r.Verdict))), seed);
            }
            else
            {
                _verdicts[(int)action] = Array.Find(mine, r => r.Actions.Contains(action))?.Verdict ?? default;
            }
        }

        Listening = _names[PolicyAction.Listen];
        Replying = _names[PolicyAction.Reply];
        Sending = _names[PolicyAction.Send];
    }

    /// <summary>As which names one may bind as listener.</summary>
    public NameRules Listening { get; }

    /// <summary>As which names one may bind as replier.</summary>
    public NameRules Replying { get; }

    /// <summary>Which names one may send.</summary>
    public NameRules Sending { get; }

    /// <summary>The policy's verdict on an action without a name.</summary>
    public Verdict Decide(PolicyAction action) => _verdicts[(int)action];

    /// <summary>The policy's verdict on an action.</summary>
    /// <param name="action">The action.</param>
    /// <param name="name">The name or wildcard, which a binding may have; ignored where an action has none.</param>
    public Verdict Decide(PolicyAction action, ReadOnlySpan<byte> name) =>
        _names.TryGetValue(action, out NameRules? names) ? names.Decide(name) : _verdicts[(int)action];

    /// <summary>Whether a Ksock may be open in a mode; if not, the action that is denied.</summary>
    /// <remarks>A Ksock that was opened for neither reading nor writing can still bind and ask. It needs one of the two
    /// permissions.</remarks>
    public Verdict DecideOpening(KsockMode mode, out PolicyAction action)
    {
        Verdict reading = Decide(PolicyAction.OpenForReading);
        Verdict writing = Decide(PolicyAction.OpenForWriting);
        bool readingDecides = (mode & KsockMode.ReadWrite) switch
        {
            KsockMode.Read => true,
            KsockMode.Write => false,
            KsockMode.ReadWrite => !reading.IsAllowed,
            _ => reading.IsAllowed || !writing.IsAllowed,
        };
        action = readingDecides ? PolicyAction.OpenForReading : PolicyAction.OpenForWriting;
        return readingDecides ? reading : writing;
    }
}
