using System.Runtime.InteropServices;

namespace Kbus;

/// <summary>A Ksock on a possibly distant bus: the network id of the first Limpet on the way, and the Ksock's id on its own bus.</summary>
/// <remarks>Used by Limpets only; a bus carries these fields untouched. <c>(0,0)</c> means "not set". Source: spec sections 3.1 and
/// 12.4.</remarks>
/// <param name="NetworkId">The network id of the Limpet nearest to that Ksock.</param>
/// <param name="LocalId">The Ksock's id on its own bus.</param>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct OrigFrom(uint NetworkId, uint LocalId)
{
    /// <summary>True for <c>(0,0)</c>.</summary>
    public bool IsNone => NetworkId == 0 && LocalId == 0;

    /// <summary>The printed form of the original, such as <c>(1,2)</c>.</summary>
    public override string ToString() => $"({NetworkId},{LocalId})";
}
