namespace Kbus.Core;

/// <summary>Whose Ksock it is: on whom is charged what it holds.</summary>
/// <param name="ProcessId">The process that opened it, for people; 0 if it has no number here.</param>
/// <param name="UserId">That process's user.</param>
/// <param name="Mode">What it was opened for.</param>
/// <param name="Process">By which the process is told from all others; two Ksocks with the same are of one process.</param>
internal readonly record struct KsockOwner(int ProcessId, uint UserId, KsockMode Mode, ulong Process = 0);
