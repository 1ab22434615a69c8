using System.Runtime.CompilerServices;

namespace Kbus.Core;

// The additional rules of a Limpet's Ksock, so that buses can be joined in chains, stars and trees. Beyond the original; "Limpets" in
// the decisions of the specification.
//
// - What it sends never comes back to it: it is no listener to it, and no replier.
// - It may have received a Request or Reply on the other bus that is neither for this bus's repliers nor for its requesters. Such a
//   message reaches this bus's listeners as what it is. Nobody owes an answer because of it, and nobody is answered by it.
internal sealed partial class Bus
{
    /// <summary>Queues an overheard message for each listener that has room. Its sender had its outcome long ago, so it cannot be refused
    /// here.</summary>
    private void Overhear(KsockState sender, StoredMessage message, Route route)
    {
        _deliveries++;
        _ = AskListeners(sender, message, MessageFlags.None, route.Listeners, out _);
        if ((message.Header.Flags & MessageFlags.Urgent) == 0)
        {
            DeliverToListeners(sender, message, route.Listeners);
            return;
        }

        ChooseUrgentCopies(sender, message, route.Listeners, requester: null, replier: null);
        PutUrgentCopies(message, route.Listeners);
        EndUrgent();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsOwnLimpet(KsockState sender, KsockState recipient) => sender == recipient && sender.IsLimpet;
}
