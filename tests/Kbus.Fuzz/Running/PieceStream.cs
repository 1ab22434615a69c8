namespace Kbus.Fuzz;

/// <summary>A stream that gives its bytes a few at a time.</summary>
internal sealed class PieceStream(byte[] bytes, int most) : MemoryStream(bytes, writable: false)
{
    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => base.Read(buffer, offset, Math.Min(count, most));
}
