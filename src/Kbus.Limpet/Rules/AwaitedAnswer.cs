namespace Kbus.Limpets;

/// <summary>What is remembered of a Request until its answer comes.</summary>
/// <param name="Requester">The Ksock that awaits it.</param>
/// <param name="Name">The Request's name, if it matters; else empty.</param>
internal readonly record struct AwaitedAnswer(uint Requester, byte[] Name);
