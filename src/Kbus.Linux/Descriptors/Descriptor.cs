namespace Kbus.Linux;

/// <summary>Owns one open descriptor and closes it exactly once, however often and from wherever it is disposed.</summary>
/// <remarks>
/// Closing a number twice is how one part of a program closes another part's file, so the number is taken out before it is closed. A library's
/// host may have closed it already: a descriptor that was identified is closed only if it still is what it was.
/// There is no finalizer: who makes a descriptor disposes of it. Any thread may call; closing while another thread is inside a call
/// on the number remains the caller's business.
/// </remarks>
internal sealed class Descriptor : IDisposable
{
    /// <summary>A number that the kernel never gives: calls with it fail at once, where some would wait for ever with one that is negative.</summary>
    private const int NeverOpen = int.MaxValue;

    private int _number;
    private FileIdentity? _identity;
    private bool _isEventCounter;

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

    /// <summary>False if the number stands for another file, or none, since somebody else has closed it; asks the kernel.</summary>
    /// <remarks>Always true of one that was not identified.</remarks>
    public bool IsOurs => _identity is not { } identity || (TryIdentify(out FileIdentity now) && now.MayBe(identity));

    /// <summary>Whether it is ours beyond doubt.</summary>
    public bool IsSurelyOurs => _identity is { } identity && TryIdentify(out FileIdentity now) && now.IsSurely(identity, _isEventCounter);

    /// <summary>Remembers which file it is. Before others know the descriptor.</summary>
    /// <param name="isEventCounter">Whether it is an event counter, which takes more to tell from others.</param>
    public void Identify(bool isEventCounter = false)
    {
        _isEventCounter = isEventCounter;
        _identity = TryIdentify(out FileIdentity identity) ? identity : null;
    }

    /// <summary>Gives the descriptor away: the caller closes it. -1 if there is none any more.</summary>
    public int Release() => Interlocked.Exchange(ref _number, -1);

    /// <summary>The number is somebody else's by now: it is neither used nor closed any more, and calls fail.</summary>
    public void GiveUp()
    {
        int number = Volatile.Read(ref _number);
        if (number >= 0)
        {
            _ = Interlocked.CompareExchange(ref _number, NeverOpen, number);
        }
    }

    /// <summary>Closes the descriptor, if it still is what it was.</summary>
    public void Dispose()
    {
        int number = Volatile.Read(ref _number);
        bool isOurs = number >= 0 && number != NeverOpen && IsOurs;
        if (Interlocked.Exchange(ref _number, -1) == number && isOurs)
        {
            _ = LibC.Close(number);
        }
    }

    private bool TryIdentify(out FileIdentity identity)
    {
        int number = Volatile.Read(ref _number);
        identity = default;
        return number >= 0 && FileIdentity.TryOf(number, _isEventCounter, out identity);
    }
}
