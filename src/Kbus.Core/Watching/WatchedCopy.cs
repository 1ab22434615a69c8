namespace Kbus.Core;

/// <summary>One recipient of a watched message.</summary>
/// <param name="Ksock">Its id.</param>
/// <param name="Fate">What became of its copy.</param>
internal readonly record struct WatchedCopy(uint Ksock, CopyFate Fate);
