using System.Diagnostics;

namespace Kbus.Simulation;

/// <summary>Makes an exception of an assertion that does not hold, so that the run ends and can be made shorter.</summary>
internal sealed class AssertionListener : TraceListener
{
    /// <inheritdoc/>
    public override void Fail(string? message, string? detailMessage) => throw new BrokenPromiseException("books", $"{message} {detailMessage}");

    /// <inheritdoc/>
    public override void Fail(string? message) => Fail(message, null);

    /// <inheritdoc/>
    public override void Write(string? message)
    {
    }

    /// <inheritdoc/>
    public override void WriteLine(string? message)
    {
    }
}
