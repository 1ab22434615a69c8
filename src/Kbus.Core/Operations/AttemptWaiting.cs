namespace Kbus.Core;

internal sealed partial class Bus
{
    /// <summary>Attempts to send a waiting message.</summary>
    /// <remarks>
    /// What is charged for it while it waits is no obstacle, when its recipient belongs to the same process: it is given back when the
    /// message is sent.
    /// </remarks>
    private Errno AttemptWaiting(KsockState sender, StoredMessage message, out KsockState? full)
    {
        int bytes = message.EntireLength + MessageQueue.BookBytes;
        Charges.ReturnBytes(sender.Charges, bytes);
        Route route = _bindings.RouteOf(message.Name);
        (ulong delivered, ulong missed) = (_traffic.Delivered, _traffic.Missed);
        Errno error = Attempt(sender, message, route, out full);
        Charges.UseBytes(sender.Charges, bytes);
        if (error == Errno.None)
        {
            Sent(sender, message, route, delivered, missed);
        }

        return error;
    }
}
