using System.Diagnostics;

namespace Kbus.Fuzz;

/// <summary>Makes a finding of an assertion of the product that does not hold.</summary>
internal sealed class AssertionListener : TraceListener
{
    /// <summary>From now on, an assertion that does not hold is a finding.</summary>
    public static void Listen()
    {
        Trace.Listeners.Clear();
        Trace.Listeners.Add(new AssertionListener());
    }

    /// <inheritdoc/>
    public override void Fail(string? message, string? detailMessage) => throw new FindingException($"asserted: {message} {detailMessage}");

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
