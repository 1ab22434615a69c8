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
        Errno error = Attempt(sender, message, _bindings.RouteOf(message.Name), out full);
        Charges.UseBytes(sender.Charges, bytes);
        return error;
    }
}
