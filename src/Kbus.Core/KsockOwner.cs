namespace Kbus.Core;

/// <summary>Whose Ksock it is. The bus itself makes no difference between owners.</summary>
/// <param name="ProcessId">The process that opened it; 0 if it has no number here.</param>
/// <param name="UserId">That process's user.</param>
/// <param name="Mode">What it was opened for.</param>
internal readonly record struct KsockOwner(int ProcessId, uint UserId, KsockMode Mode);
