using Kbus.Link;

namespace Kbus.Links;

/// <summary>Commands whose callers no longer wait for them: a deadline passed, or a signal came, while the bus stood still (D25).</summary>
/// <remarks>
/// Each keeps its completion slot until the bus has answered it after all. What it did then still has to be recorded, for instance that a
/// Request is outstanding. Any thread may call; the lock is a leaf.
/// </remarks>
internal sealed class AbandonedCommands
{
    private readonly Lock _lock = new();
    private readonly List<Abandoned> _unanswered = [];
    private readonly Queue<(Abandoned Command, Completion Completion)> _answered = [];
    private readonly Queue<(CommandCode Code, ulong Number)> _untold = [];
    private int _count;

    /// <summary>Whether there are any. Almost always false.</summary>
    public bool HasAny => Volatile.Read(ref _count) > 0;

    /// <summary>Takes over a command from its caller.</summary>
    /// <param name="sequence">The command's number.</param>
    /// <param name="record">Records its late outcome; null if nothing depends on it.</param>
    public void Add(ulong sequence, Action<Completion>? record)
    {
        lock (_lock)
        {
            _unanswered.Add(new Abandoned(sequence, record));
            Volatile.Write(ref _count, _count + 1);
        }
    }

    /// <summary>Keeps something that the bus could not be told: its ring was full.</summary>
    public void AddUntold(CommandCode code, ulong number)
    {
        lock (_lock)
        {
            _untold.Enqueue((code, number));
            Volatile.Write(ref _count, _count + 1);
        }
    }

    /// <summary>Gives what <see cref="AddUntold"/> kept back to the caller, who tells the bus.</summary>
    public bool TryTakeUntold(out CommandCode code, out ulong number)
    {
        lock (_lock)
        {
            bool isThere = _untold.TryDequeue(out (CommandCode Code, ulong Number) next);
            (code, number) = next;
            Volatile.Write(ref _count, _count - (isThere ? 1 : 0));
            return isThere;
        }
    }

    /// <summary>Fetches the completions that have come, so that their slots are free again.</summary>
    /// <param name="completions">Where they come.</param>
    /// <param name="isBusDead">Whether no more will come. Then a command without one was not carried out: ENODEV.</param>
    /// <param name="free">Frees the slot of a command.</param>
    public void Collect(CompletionReader completions, bool isBusDead, Action<ulong> free)
    {
        lock (_lock)
        {
            for (int i = 0; i < _unanswered.Count; i++)
            {
                Abandoned command = _unanswered[i];
                if (completions.TryGet(command.Sequence, out Completion completion) || isBusDead)
                {
                    completion = completions.TryGet(command.Sequence, out completion) ? completion : new Completion((int)Errno.ENODEV);
                    _unanswered.RemoveAt(i--);
                    _answered.Enqueue((command, completion));
                    free(command.Sequence);
                }
            }
        }
    }

    /// <summary>Records the outcomes that were collected. The caller holds no lock that recording takes.</summary>
    public void Record()
    {
        while (true)
        {
            (Abandoned Command, Completion Completion) next;
            lock (_lock)
            {
                if (!_answered.TryDequeue(out next))
                {
                    return;
                }

                Volatile.Write(ref _count, _count - 1);
            }

            next.Command.Record?.Invoke(next.Completion);
        }
    }

    private readonly record struct Abandoned(ulong Sequence, Action<Completion>? Record);
}
