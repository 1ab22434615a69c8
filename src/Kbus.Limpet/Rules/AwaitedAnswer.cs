namespace Kbus.Limpets;

/// <summary>The record of a Request until its answer comes.</summary>
/// <param name="Requester">The Ksock that awaits it.</param>
/// <param name="Name">The Request's name, if it matters; otherwise empty.</param>
internal readonly record struct AwaitedAnswer(uint Requester, byte[] Name);
