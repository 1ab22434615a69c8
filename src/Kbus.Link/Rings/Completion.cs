namespace Kbus.Link;

/// <summary>The result of one command.</summary>
/// <param name="Error">Zero, or the errno.</param>
/// <param name="Value">What the command returns, depending on the command.</param>
/// <param name="NetworkId">The first half of a message id, where the command makes one.</param>
/// <param name="Serial">The second half.</param>
/// <param name="Flags">More, depending on the command.</param>
/// <param name="Spare">More still.</param>
internal readonly record struct Completion(
    int Error, uint Value = 0, uint NetworkId = 0, uint Serial = 0, uint Flags = 0, uint Spare = 0);
