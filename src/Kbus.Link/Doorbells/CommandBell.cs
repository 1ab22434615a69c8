using Kbus.Linux;

namespace Kbus.Link;

/// <summary>The client's bell for the bus: an event counter that the bus's epoll set watches and nobody ever reads.</summary>
/// <remarks>Any thread may call.</remarks>
internal sealed class CommandBell(SharedMemory memory, Descriptor bell)
{
    private readonly SharedMemory _memory = memory;
    private readonly Descriptor _bell = bell;

    /// <summary>After committing a command: rings if the bus will not look by itself. Whether it rang.</summary>
    public bool RingIfWanted()
    {
        // We published a command and now look at what the bus wants; the bus says that it wants the bell, makes a full fence, and then
        // looks for commands (CommandConsumer.AskForBell). At least one of the two sees the other's word.
        Fence.Full();
        ref uint wants = ref _memory.Header.BusWantsBell;
        if (Volatile.Read(ref wants) == 0 || Interlocked.Exchange(ref wants, 0) == 0)
        {
            return false;
        }

        _ = LibC.SignalEvent(_bell.Number);
        return true;
    }
}
