using System.Diagnostics;
using Kbus.Core;
using Kbus.Policy;

namespace Kbus.Daemon;

/// <summary>Says in the log what a policy denied on one bus: a few times a second, since anybody can have himself denied something at will.</summary>
/// <remarks>What is left out costs no more than a look at the clock, and is counted. Only who may touch the bus calls.</remarks>
/// <param name="bus">The bus's number.</param>
/// <param name="log">Where it is said.</param>
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
