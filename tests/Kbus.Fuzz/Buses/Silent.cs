using Kbus.Core;

namespace Kbus.Fuzz;

/// <summary>A Ksock whose messages wait in its queue until it asks.</summary>
internal sealed class Silent : QueueCarrier
{
    /// <inheritdoc/>
    public override void RetryWorthwhile()
    {
    }
}
