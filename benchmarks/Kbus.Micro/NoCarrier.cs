using Kbus.Core;

namespace Kbus.Micro;

/// <summary>Carries messages nowhere: each take is an operation on the bus.</summary>
internal sealed class NoCarrier : Carrier
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
