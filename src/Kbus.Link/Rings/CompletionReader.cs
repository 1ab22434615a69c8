using System.Runtime.CompilerServices;
using Kbus.Linux;

namespace Kbus.Link;

/// <summary>The client's side of the completion slots.</summary>
/// <remarks>
/// Any thread may call, each for its own commands. Sequence numbers begin with 1, because a fresh slot holds 0. There must never be more
/// commands whose result nobody has fetched than there are slots, or a result is overwritten.
/// </remarks>
internal sealed unsafe class CompletionReader
{
    /// <summary>A bus that has not answered for so long stands still, or has very much to do. Before, no deadline ends a wait for it.</summary>
    public const long SilenceNanoseconds = 100_000_000;

    /// <summary>Before, no signal ends a wait for it either.</summary>
    public const long SilenceBeforeSignals = 500_000_000;

    private const long MostSpin = 10_000;

    private readonly SharedMemory _memory;
    private readonly CompletionSlot* _slots;
    private readonly ulong _mask;
    private readonly Descriptor _socket;
    private readonly AdaptiveSpin _spin = new(MostSpin);
    private int _sleepers;

    /// <summary>The reader of a link that has just been mapped.</summary>
    /// <param name="memory">The link's memory.</param>
    /// <param name="socket">The link's socket, which tells when the bus has hung up.</param>
    public CompletionReader(SharedMemory memory, Descriptor socket)
    {
        _memory = memory;
        _slots = (CompletionSlot*)memory.Completions;
        _mask = (ulong)memory.Layout.CompletionSlots - 1;
        _socket = socket;
    }

    /// <summary>How often a sleeper looks whether the bus lives, because its death does not wake a futex.</summary>
    internal long SliceNanoseconds { get; set; } = 100_000_000;

    /// <summary>How long a wait looks for the result before it sleeps, at most.</summary>
    public long SpinNanoseconds
    {
        get => _spin.MostNanoseconds;
        set => _spin.MostNanoseconds = value;
    }

    /// <summary>The result of a command, if it is there.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryGet(ulong sequence, out Completion completion)
    {
        CompletionSlot* slot = _slots + (sequence & _mask);

        // Acquire, pairs with the release in CompletionWriter.Publish.
        ulong head = Volatile.Read(ref slot->Head);
        if (!CompletionSlot.IsOf(head, sequence))
        {
            completion = default;
            return false;
        }

        completion = new Completion(CompletionSlot.ErrorOf(head), slot->Result);
        return true;
    }

    /// <summary>Waits for the result of a command.</summary>
    /// <param name="sequence">The command's number.</param>
    /// <param name="deadline">How long at most.</param>
    /// <param name="completion">The result, if it <see cref="WaitOutcome.Happened"/>.</param>
    /// <param name="isBusAsleep">Whether the bus had to be woken for the command.</param>
    /// <param name="signalsAfter">After so many nanoseconds a signal handler that runs, or has run, in this thread ends the wait. Negative: never.</param>
    public WaitOutcome Wait(
        ulong sequence, Deadline deadline, out Completion completion, bool isBusAsleep = false, long signalsAfter = LibC.Forever)
    {
        if (TryGet(sequence, out completion) || Spin(sequence, deadline, isBusAsleep, out completion))
        {
            return WaitOutcome.Happened;
        }

        Interlocked.Increment(ref _sleepers);
        try
        {
            return Sleep(sequence, deadline, signalsAfter, out completion);
        }
        finally
        {
            Interlocked.Decrement(ref _sleepers);
        }
    }

    /// <summary>Waits for the result of a command as long as is cheaper than to sleep: some microseconds, or not at all.</summary>
    /// <returns>Whether it is there.</returns>
    public bool WaitBriefly(ulong sequence) => TryGet(sequence, out _) || Spin(sequence, Deadline.Never, isBusAsleep: false, out _);

    private bool Spin(ulong sequence, Deadline deadline, bool isBusAsleep, out Completion completion)
    {
        completion = default;
        if (!_spin.TryBegin(deadline, isBusAsleep, out AdaptiveSpin.Spin spin))
        {
            return false;
        }

        bool found = false;
        while (!found && _spin.Pause(ref spin))
        {
            found = TryGet(sequence, out completion);
        }

        _spin.Ended(spin, found);
        return found;
    }

    private WaitOutcome Sleep(ulong sequence, Deadline deadline, long signalsAfter, out Completion completion)
    {
        Deadline heeded = Deadline.AfterNanoseconds(signalsAfter);
        bool isInterrupted = false;
        fixed (uint* word = &_memory.Header.CompletionFutex)
        {
            while (true)
            {
                // In this order: the word's value, that we sleep, a full fence (the pair of the one in CompletionWriter.Wake), the result.
                uint value = Volatile.Read(ref *word);
                Volatile.Write(ref _memory.Header.CompletionSleeper, 1);
                Fence.Full();
                if (TryGet(sequence, out completion))
                {
                    return WaitOutcome.Happened;
                }

                long slice = deadline.NanosecondsAtMost(SliceNanoseconds);
                if (slice == 0)
                {
                    return WaitOutcome.TimedOut;
                }

                if (isInterrupted && heeded.HasPassed)
                {
                    return WaitOutcome.Interrupted;
                }

                int woken = LibC.FutexWait(word, value, slice);
                if (woken == 0 && Volatile.Read(ref _sleepers) > CompletionWriter.MostWoken)
                {
                    _ = LibC.FutexWake(word, int.MaxValue);
                }

                if (TryGet(sequence, out completion))
                {
                    return WaitOutcome.Happened;
                }

                isInterrupted |= woken == LibC.Interrupted;
                if ((woken is LibC.TimedOut or LibC.Interrupted) && (!_socket.IsOurs || PeerSocket.HasHungUp(_socket.Number)))
                {
                    // The result may have come as the last thing the bus did.
                    return TryGet(sequence, out completion) ? WaitOutcome.Happened : WaitOutcome.BusDied;
                }
            }
        }
    }
}
