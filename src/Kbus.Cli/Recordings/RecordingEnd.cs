namespace Kbus.Cli;

/// <summary>The last record of a recording whose recorder ended by itself.</summary>
/// <param name="Why">Why it ended.</param>
/// <param name="Events">The events in this file, those left out that were only of the snapshot.</param>
/// <param name="Lost">The events that the recorder was too slow for, in this file.</param>
internal readonly record struct RecordingEnd(RecordingEndCause Why, ulong Events, ulong Lost);
