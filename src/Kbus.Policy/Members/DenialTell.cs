using Kbus.Core;

namespace Kbus.Policy;

/// <summary>Hears that a policy has denied somebody something. It is called where the operation was to be carried out, so it does not wait.</summary>
/// <param name="owner">Whose Ksock it is.</param>
/// <param name="ksock">Its id; 0 if it has none.</param>
/// <param name="action">What was denied.</param>
/// <param name="name">The name; empty where an action has none.</param>
/// <param name="verdict">Which rule decided.</param>
internal delegate void DenialTell(KsockOwner owner, uint ksock, PolicyAction action, ReadOnlySpan<byte> name, Verdict verdict);
