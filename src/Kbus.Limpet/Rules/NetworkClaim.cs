namespace Kbus.Limpets;

/// <summary>What a Limpet says on its own bus when its network ids come by another Limpet of that bus.</summary>
/// <remarks>It is an announcement named as a <see cref="RingProbe"/>, whose data is the <see cref="LinkRank"/> of its link: when it was
/// made, and its two network ids. No Limpet carries it. It counts only if the bus knows its sender as the Limpet of one of the two
/// ids.</remarks>
internal static class NetworkClaim
{
    /// <summary>Reads its data.</summary>
    /// <returns>False if the data is none.</returns>
    public static bool TryRead(ReadOnlySpan<byte> data, out LinkRank link)
    {
        link = data.Length == LinkRank.Length ? LinkRank.Read(data) : default;
        return data.Length == LinkRank.Length;
    }

    /// <summary>Its data.</summary>
    public static byte[] Of(LinkRank link)
    {
        byte[] data = new byte[LinkRank.Length];
        link.Write(data);
        return data;
    }

    /// <summary>Says it on the bus. The bus may refuse it, by its policy, say. Then the other Limpet does not know.</summary>
    /// <param name="ksock">The Limpet's Ksock.</param>
    /// <param name="link">Its link.</param>
    public static void Send(Ksock ksock, LinkRank link) => _ = ksock.Submit(default, RingProbe.Name, Of(link), out _);
}
