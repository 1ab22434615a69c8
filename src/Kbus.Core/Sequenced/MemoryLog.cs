namespace Kbus.Core;

/// <summary>A log in this process: every call is over when it returns. One thread at a time.</summary>
internal sealed class MemoryLog : ISequencedLog
{
    private readonly List<ReadOnlyMemory<byte>> _entries = [];
    private readonly List<TaskCompletionSource> _waiting = [];
    private ulong _trimmed;
    private (ulong Index, ReadOnlyMemory<byte> Bytes) _snapshot;

    /// <inheritdoc/>
    public Guid Id { get; } = Guid.NewGuid();

    /// <summary>The index before the first entry that has not been trimmed.</summary>
    public ulong First => _trimmed;

    /// <summary>The index of the last entry.</summary>
    public ulong Last => _trimmed + (ulong)_entries.Count;

    /// <inheritdoc/>
    public ValueTask AppendAsync(ReadOnlyMemory<byte> entry)
    {
        _entries.Add(entry.ToArray());
        foreach (TaskCompletionSource waiting in _waiting)
        {
            waiting.TrySetResult();
        }

        _waiting.Clear();
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentOutOfRangeException">The entry has been trimmed.</exception>
    public ValueTask<ReadOnlyMemory<byte>> ReadAsync(ulong after, CancellationToken cancellationToken = default) =>
        after < Last ? new(Entry(after)) : new(WaitAsync(after, cancellationToken));

    /// <inheritdoc/>
    public ValueTask SaveSnapshotAsync(ulong index, ReadOnlyMemory<byte> snapshot)
    {
        if (index > _snapshot.Index)
        {
            _snapshot = (index, snapshot.ToArray());
        }

        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask<(ulong Index, ReadOnlyMemory<byte> Snapshot)> LoadSnapshotAsync() => new(_snapshot);

    /// <inheritdoc/>
    public ValueTask TrimAsync(ulong index)
    {
        ulong end = Math.Min(index, _snapshot.Index);
        if (end > _trimmed)
        {
            _entries.RemoveRange(0, (int)(end - _trimmed));
            _trimmed = end;
        }

        return ValueTask.CompletedTask;
    }

    private async Task<ReadOnlyMemory<byte>> WaitAsync(ulong after, CancellationToken cancellationToken)
    {
        while (after >= Last)
        {
            var waiting = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Add(waiting);
            await waiting.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        }

        return Entry(after);
    }

    private ReadOnlyMemory<byte> Entry(ulong after)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(after, _trimmed);
        return _entries[(int)(after - _trimmed)];
    }
}
