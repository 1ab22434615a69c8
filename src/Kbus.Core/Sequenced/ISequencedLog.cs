namespace Kbus.Core;

/// <summary>A replicated log that an engine keeps: what is committed survives, and every reader sees the same entries at the same
/// indexes.</summary>
/// <remarks>It does not owe exactly-once, first-in-first-out or clocks: an entry may come twice, and late. A replica filters.</remarks>
internal interface ISequencedLog
{
    /// <summary>Identifies the log. Another id is another log.</summary>
    Guid Id { get; }

    /// <summary>Puts an entry at the end. If it fails, the entry may be there nevertheless.</summary>
    ValueTask AppendAsync(ReadOnlyMemory<byte> entry);

    /// <summary>Gives the entry behind an index; waits until there is one.</summary>
    /// <param name="after">The index; 0 for the first entry. Indexes are contiguous, from 1.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    ValueTask<ReadOnlyMemory<byte>> ReadAsync(ulong after, CancellationToken cancellationToken = default);

    /// <summary>Keeps a snapshot of what the entries up to an index made. Of several, the newest counts.</summary>
    ValueTask SaveSnapshotAsync(ulong index, ReadOnlyMemory<byte> snapshot);

    /// <summary>Gives the newest snapshot with its index; no bytes, and 0, if there is none.</summary>
    ValueTask<(ulong Index, ReadOnlyMemory<byte> Snapshot)> LoadSnapshotAsync();

    /// <summary>Lets the entries up to an index go, for which there is a snapshot.</summary>
    ValueTask TrimAsync(ulong index);
}
