namespace Kbus.Core;

/// <summary>A message as one recipient gets it: the shared message and the flags of this copy. The holder owns one reference.</summary>
/// <param name="Message">The shared message.</param>
/// <param name="Flags">The flags of this copy, with WANT_YOU_TO_REPLY where this recipient is to reply.</param>
internal readonly record struct DeliveredMessage(StoredMessage Message, MessageFlags Flags);
