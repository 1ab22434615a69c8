namespace Kbus.Fuzz;

/// <summary>Two arrays are the same if their bytes are.</summary>
internal sealed class SameBytes : IEqualityComparer<byte[]>
{
    /// <summary>The one there is.</summary>
    public static SameBytes Instance { get; } = new();

    /// <inheritdoc/>
    public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

    /// <inheritdoc/>
    public int GetHashCode(byte[] obj) => obj.Length;
}
