using System.Runtime.CompilerServices;
using Kbus.Linux;

namespace Kbus.Link;

/// <summary>The bus's side of the completion slots.</summary>
/// <remarks>
/// The bus's thread calls. Any sequence number has a slot, so a hostile one overwrites the client's own results and nothing else. The bus
/// reads nothing here but whether somebody sleeps.
/// </remarks>
internal sealed unsafe class CompletionWriter
{
    // A client may let thousands of threads sleep on its word; the bus does not pay for waking them all. They pass it on.
    internal const int MostWoken = 64;

    private readonly SharedMemory _memory;
    private readonly CompletionSlot* _slots;
    private readonly ulong _mask;
    private uint _posted;

    /// <summary>The writer of a link that has just been created.</summary>
    public CompletionWriter(SharedMemory memory)
    {
        _memory = memory;
        _slots = (CompletionSlot*)memory.Completions;
        _mask = (ulong)memory.Layout.CompletionSlots - 1;
    }

    /// <summary>Writes the result of a command and wakes who sleeps for it.</summary>
    public void Complete(ulong sequence, Completion result)
    {
        Publish(CompletionSlot.Of(sequence, result));
        Wake();
    }

    /// <summary>Writes the result of a command. <see cref="Wake"/> must follow; once for many results will do.</summary>
    /// <remarks>
    /// The slot is free: its last result was fetched before the client used it again. Both words are written here, one right after the other: a client
    /// that looks at the slot all the while would otherwise fetch its cache line in between.
    /// </remarks>
    /// <param name="result">The result, as it is to lie in its slot.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Publish(in CompletionSlot result)
    {
        CompletionSlot* slot = _slots + (CompletionSlot.SequenceOf(result.Head) & _mask);
        slot->Result = result.Result;

        // Release, pairs with the acquire in CompletionReader.TryGet.
        Volatile.Write(ref slot->Head, result.Head);
    }

    /// <summary>Wakes who sleeps for a result. Whether anybody seemed to sleep.</summary>
    public bool Wake()
    {
        // We wrote a result and now look for sleepers; a sleeper writes that it sleeps and then looks for its result
        // (CompletionReader.Sleep, the pair of this fence). At least one of the two sees the other's word.
        Fence.Full();
        return WakeAfterFence();
    }

    /// <summary>As <see cref="Wake"/>, when the caller has made a full fence since the last result.</summary>
    public bool WakeAfterFence()
    {
        if (Volatile.Read(ref _memory.Header.CompletionSleeper) == 0)
        {
            return false;
        }

        Interlocked.Exchange(ref _memory.Header.CompletionSleeper, 0);
        fixed (uint* word = &_memory.Header.CompletionFutex)
        {
            // Changed before the call: who has read the old value and is about to sleep on it does not.
            Volatile.Write(ref *word, ++_posted);
            _ = LibC.FutexWake(word, MostWoken);
        }

        return true;
    }
}
