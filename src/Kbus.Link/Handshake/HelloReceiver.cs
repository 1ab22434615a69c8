using Kbus.Linux;

namespace Kbus.Link;

/// <summary>Collects a client's hello from a connection, in as many pieces as it comes, without ever waiting.</summary>
/// <remarks>For an event loop that has many fresh connections; how long a client may take over it is the loop's business.</remarks>
internal sealed class HelloReceiver
{
    private readonly byte[] _record = new byte[ClientHello.Size];
    private int _received;

    /// <summary>Reads what is there. Whether that is the end of it: a hello, or a fault.</summary>
    /// <param name="socket">The connection.</param>
    /// <param name="hello">The hello, if there is no fault.</param>
    /// <param name="fault">What was wrong.</param>
    public bool TryReceive(Descriptor socket, out ClientHello hello, out HandshakeFault fault)
    {
        hello = default;
        fault = HandshakeFault.None;
        while (_received < ClientHello.Size)
        {
            int received = LibC.Receive(socket.Number, _record.AsSpan(_received), LibC.MessageDontWait);
            if (received == LibC.Again)
            {
                return false;
            }

            if (received <= 0)
            {
                fault = HandshakeFault.HungUp;
                return true;
            }

            _received += received;
        }

        fault = ClientHello.Decode(_record, out hello);
        return true;
    }
}
