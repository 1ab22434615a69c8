namespace Kbus.Core;

/// <summary>Whose Ksock it is: on whom is charged what it holds.</summary>
/// <param name="ProcessId">The process that opened it, for people; 0 if it has no number here.</param>
/// <param name="UserId">That process's user.</param>
/// <param name="Mode">The mode in which it was opened.</param>
/// <param name="Process">The key that identifies the process. Two Ksocks with the same key belong to one process.</param>
/// <param name="Node">The node of a bus that spans machines; equal users and processes of two nodes are not the same. 0 otherwise.</param>
internal readonly record struct KsockOwner(int ProcessId, uint UserId, KsockMode Mode, ulong Process = 0, uint Node = 0);
