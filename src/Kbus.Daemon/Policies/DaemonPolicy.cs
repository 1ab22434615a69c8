using Kbus.Policy;

namespace Kbus.Daemon;

/// <summary>The policy of a daemon: read at its start, and again when it is asked to. Any thread may call.</summary>
/// <remarks>Users and groups are looked up where the file is read, which is never a bus's thread.</remarks>
internal sealed class DaemonPolicy
{
    private readonly string _path;
    private readonly Log _log;
    private readonly Lock _reading = new();
    private volatile PolicyRules _rules;

    private DaemonPolicy(string path, PolicyRules rules, Log log)
    {
        _path = path;
        _log = log;
        _rules = rules;
    }

    /// <summary>The current rules, for processes that open a Ksock.</summary>
    public PolicyRules Rules => _rules;

    /// <summary>Reads the policy that the options name.</summary>
    /// <returns>Null if they name none.</returns>
    /// <exception cref="KbusdException">It cannot be used; the message says why.</exception>
    public static DaemonPolicy? Read(DaemonOptions options, Log log)
    {
        if (options.Policy is not { } path)
        {
            return null;
        }

        try
        {
            string full = Path.GetFullPath(path);
            return new DaemonPolicy(full, PolicyFile.Read(full, new AccountNames()), log);
        }
        catch (PolicyException e)
        {
            throw new KbusdException(e.Message);
        }
    }

    /// <summary>Reads the file again, and applies it to all buses. If anything is wrong with it, nothing changes.</summary>
    /// <param name="adopt">Applies the rules to all present and future buses.</param>
    public void Reload(Action<PolicyRules> adopt)
    {
        lock (_reading)
        {
            try
            {
                PolicyRules rules = PolicyFile.Read(_path, new AccountNames());
                rules.PrepareFor(_rules);
                _rules = rules;
                adopt(rules);
            }
            catch (PolicyException e)
            {
                _log.PolicyKept(e.Message);
            }
        }
    }

    /// <summary>Why somebody may not open a Ksock; null if it is allowed.</summary>
    public static string? WhyNotOpen(PolicyRules rules, Permissions permissions, KsockMode mode, uint bus)
    {
        Verdict verdict = permissions.DecideOpening(mode, out PolicyAction action);
        return verdict.IsAllowed
            ? null
            : $"On bus {bus} this user may not {PolicyActions.Describe(action, "")}: {rules.Source(verdict)}.";
    }

    /// <summary>Why somebody may not watch a bus; null if it is allowed.</summary>
    public static string? WhyNotWatch(PolicyRules rules, Permissions permissions, uint bus)
    {
        Verdict verdict = permissions.Decide(PolicyAction.Watch);
        return verdict.IsAllowed ? null : $"This user may not watch bus {bus}: {rules.Source(verdict)}.";
    }

    /// <summary>Why somebody may not see the status of any bus.</summary>
    public static string WhyNoStatus(PolicyRules rules, Identity identity) =>
        $"This user may not {PolicyActions.Describe(PolicyAction.SeeStatus, "")}: {rules.Source(rules.For(identity, 0).Decide(PolicyAction.SeeStatus))}.";

    /// <summary>Whether somebody may see a bus in the status.</summary>
    public static bool MaySeeStatus(PolicyRules rules, Identity identity, uint bus) =>
        rules.For(identity, bus).Decide(PolicyAction.SeeStatus).IsAllowed;
}
