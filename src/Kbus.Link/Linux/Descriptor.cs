namespace Kbus.Link;

/// <summary>Owns one open descriptor and closes it exactly once, however often and from wherever it is disposed.</summary>
/// <remarks>
/// Closing a number twice is how one part of a program closes another part's file, so the number is taken out before it is closed.
/// There is no finalizer: who makes a descriptor disposes of it. Any thread may call; closing while another thread is inside a call
/// on the number remains the caller's business.
/// </remarks>
internal sealed class Descriptor : IDisposable
{
    private int _number;

    /// <summary>Takes over an open descriptor.</summary>
    public Descriptor(int number)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(number);
        _number = number;
    }

    /// <summary>Whether it still owns a descriptor.</summary>
    public bool IsOpen => Volatile.Read(ref _number) >= 0;

    /// <summary>The number to make calls with.</summary>
    /// <exception cref="ObjectDisposedException">It was closed or released.</exception>
    public int Number
    {
        get
        {
            int number = Volatile.Read(ref _number);
            ObjectDisposedException.ThrowIf(number < 0, this);
            return number;
        }
    }

    /// <summary>Gives the descriptor away: the caller closes it. -1 if there is none any more.</summary>
    public int Release() => Interlocked.Exchange(ref _number, -1);

    /// <summary>Closes the descriptor.</summary>
    public void Dispose()
    {
        int number = Interlocked.Exchange(ref _number, -1);
        if (number >= 0)
        {
            _ = LibC.Close(number);
        }
    }
}
