namespace Kbus.Core;

/// <summary>What an operation gave.</summary>
/// <param name="Error">None, or why it was refused. EBADF if the Ksock is not open.</param>
/// <param name="Id">The message's id.</param>
/// <param name="Value">A number: a Ksock's id, a setting, a replier, or 1 for yes.</param>
internal readonly record struct OperationResult(Errno Error, MessageId Id = default, uint Value = 0);
