using System.Runtime.CompilerServices;

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
        Publish(Fill(sequence, result));
        Wake();
    }

    /// <summary>Writes the result of a command, which the client does not see before <see cref="Publish"/>.</summary>
    /// <remarks>The slot is free: its last result was fetched before the client used it again.</remarks>
    /// <returns>What to publish.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong Fill(ulong sequence, Completion result)
    {
        _slots[sequence & _mask].Result = result.Result;
        return CompletionSlot.HeadOf(sequence, result.Error);
    }

    /// <summary>Lets the client see the result of a command. <see cref="Wake"/> must follow; once for many results will do.</summary>
    /// <param name="filled">What <see cref="Fill"/> returned.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Publish(ulong filled)
    {
        // Release, pairs with the acquire in CompletionReader.TryGet.
        Volatile.Write(ref _slots[CompletionSlot.SequenceOf(filled) & _mask].Head, filled);
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
