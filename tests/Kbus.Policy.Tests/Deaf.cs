using Kbus.Core;

namespace Kbus.Policy.Tests;

/// <summary>A Ksock whose messages wait in its queue.</summary>
internal sealed class Deaf : QueueCarrier
{
    public override void RetryWorthwhile()
    {
    }
}
