using System.Runtime.CompilerServices;

namespace Kbus.Core;

// What a Limpet's Ksock is given beyond others, so that buses can be joined in chains, stars and trees. Beyond the original; "Limpets" in
// the decisions of the specification.
//
// - What it sends never comes back to it: it is no listener to it, and no replier.
// - A Request or Reply that it heard on the other bus, and that is neither for this bus's repliers nor for its requesters, reaches this
//   bus's listeners as what it is. Nobody owes an answer because of it, and nobody is answered by it.
internal sealed partial class Bus
{
    /// <summary>Queues an overheard message for each listener that has room. Its sender has been told long ago; it cannot be refused here.</summary>
    private Errno Overhear(KsockState sender, StoredMessage message, Binding[] listeners)
    {
        _deliveries++;
        foreach (Binding listener in listeners)
        {
            KsockState ksock = listener.Ksock;
            if (ksock == sender)
            {
                continue;
            }

            if (IsFull(ksock, message.EntireLength, 0))
            {
                ksock.Missed++;
            }
            else if (!HasIt(ksock, message.Header.Id))
            {
                Enqueue(ksock, message, listener);
            }
        }

        return Errno.None;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsOwnLimpet(KsockState sender, KsockState recipient) => sender == recipient && sender.IsLimpet;
}
