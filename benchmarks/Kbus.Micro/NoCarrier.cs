using Kbus.Core;

namespace Kbus.Micro;

/// <summary>Carries messages nowhere: each take is an operation on the bus.</summary>
internal sealed class NoCarrier : QueueCarrier
{
    public override void RetryWorthwhile()
    {
    }
}
