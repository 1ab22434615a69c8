namespace Kbus.Core;

/// <summary>One message that a process has taken.</summary>
/// <param name="Number">The number of its entry (<see cref="QueueEntry.Number"/>).</param>
/// <param name="IsHeld">True if the process reads it on in the bus's memory, so that its bytes are charged until it is released.</param>
/// <param name="IsAnswer">True if it was taken from the lane of answers.</param>
internal readonly record struct Take(uint Number, bool IsHeld = false, bool IsAnswer = false);
