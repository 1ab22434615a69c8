using Kbus.Core;

namespace Kbus.Policy.Tests;

/// <summary>A Ksock whose messages wait in its queue.</summary>
internal sealed class Deaf : Carrier
{
    public override void Appended()
    {
    }

    public override void Rewritten()
    {
    }

    public override void RetryWorthwhile()
    {
    }
}
