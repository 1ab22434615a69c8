namespace Kbus.Daemon.Tests;

/// <summary>A fault that cannot be put into words, as when there is no memory for them.</summary>
internal sealed class UnspeakableException : Exception
{
    public override string Message => throw new InvalidOperationException("a message that a test makes unreadable");

    public override string ToString() => throw new InvalidOperationException("a text that a test makes unreadable");
}
