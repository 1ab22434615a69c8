using Kbus.Core;

namespace Kbus.Fuzz;

/// <summary>A Ksock whose messages wait in its queue until it asks.</summary>
internal sealed class Silent : Carrier
{
    /// <inheritdoc/>
    public override void Appended()
    {
    }

    /// <inheritdoc/>
    public override void Rewritten()
    {
    }

    /// <inheritdoc/>
    public override void RetryWorthwhile()
    {
    }
}
