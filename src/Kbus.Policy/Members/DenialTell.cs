using Kbus.Core;

namespace Kbus.Policy;

/// <summary>Receives a denial of a policy. It is called on the thread of the operation, so it must not wait.</summary>
/// <param name="owner">Whose Ksock it is.</param>
/// <param name="ksock">Its id; 0 if it has none.</param>
/// <param name="action">The denied action.</param>
/// <param name="name">The name; empty where an action has none.</param>
/// <param name="verdict">Which rule decided.</param>
internal delegate void DenialTell(KsockOwner owner, uint ksock, PolicyAction action, ReadOnlySpan<byte> name, Verdict verdict);
