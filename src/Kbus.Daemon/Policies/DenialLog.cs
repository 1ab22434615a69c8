using System.Diagnostics;
using Kbus.Core;
using Kbus.Policy;

namespace Kbus.Daemon;

/// <summary>Logs what a policy denied on one bus: a few times a second, because any member can cause denials at will.</summary>
/// <remarks>A denial that is left out costs one reading of the clock, and is counted. Only the bus's thread calls, or a guest inside the gate.</remarks>
/// <param name="bus">The bus's number.</param>
/// <param name="log">The log.</param>
internal sealed class DenialLog(uint bus, Log log)
{
    private const int MostEachSecond = 4;
    private long _second;
    private int _said;
    private int _leftOut;

    /// <summary>Somebody was denied something.</summary>
    public void Tell(PolicyRules? rules, KsockOwner owner, uint ksock, PolicyAction action, ReadOnlySpan<byte> name, Verdict verdict)
    {
        long second = Stopwatch.GetTimestamp() / Stopwatch.Frequency;
        if (second != _second)
        {
            (_second, _said) = (second, 0);
        }

        if (++_said > MostEachSecond)
        {
            _leftOut++;
            return;
        }

        string what = PolicyActions.Describe(action, PrintableText.Of(name));
        log.Denied(bus, owner, ksock, what, rules?.Source(verdict) ?? "the policy", _leftOut);
        _leftOut = 0;
    }
}
