namespace Kbus.Limpets;

/// <summary>A message without data that a Limpet makes to answer a Request that goes no further.</summary>
/// <param name="Name">Its name.</param>
/// <param name="To">The Ksock that sent the Request.</param>
/// <param name="InReplyTo">The Request.</param>
internal readonly record struct LimpetAnswer(byte[] Name, uint To, MessageId InReplyTo);
