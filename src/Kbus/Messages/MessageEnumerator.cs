namespace Kbus;

/// <summary>Reads messages from a Ksock for <c>foreach</c>, one for each step, until none waits.</summary>
/// <remarks>It implements no interface of collections, so that nothing reads messages by accident: see <see cref="Ksock.GetEnumerator"/>.</remarks>
public struct MessageEnumerator
{
    private readonly Ksock _ksock;

    internal MessageEnumerator(Ksock ksock)
    {
        _ksock = ksock;
        Current = null!;
    }

    /// <summary>The message read by the last step.</summary>
    public Message Current { get; private set; }

    /// <summary>Reads the next message, without waiting.</summary>
    /// <returns>False if none waits.</returns>
    /// <exception cref="KbusException">EBADF (not opened for reading), ENODEV (the bus has died and all has been read).</exception>
    public bool MoveNext()
    {
        Message? message = _ksock.ReadNextMessage();
        Current = message!;
        return message is not null;
    }
}
