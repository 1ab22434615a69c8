namespace Kbus;

/// <summary>The data of a received message, read in place in memory that belongs to somebody else.</summary>
internal abstract class BorrowedData
{
    /// <summary>The data; valid until <see cref="Release"/>.</summary>
    public abstract ReadOnlySpan<byte> Bytes { get; }

    /// <summary>Gives the memory back. Called once for each loan, by whichever thread lets go of the message.</summary>
    public abstract void Release();
}
