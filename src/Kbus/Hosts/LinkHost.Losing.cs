namespace Kbus.Hosts;

/// <content>
/// When somebody in this process closes the socket, not knowing what it is: the bus hears of it, takes the Ksock for closed, and says so in the
/// shared memory. The number may be another file's by then. It is used no more, and every call gives EBADF.
/// </content>
internal sealed partial class LinkHost
{
    // To ask the kernel takes a fifth of a microsecond, too much each time that somebody sleeps or looks in vain.
    private const int ChancesBetweenQuestions = 256;
    private int _chances;

    public override bool HasDescriptor => TryEnter() && Leave(HasSocket());

    /// <summary>Whether the socket is known to be somebody else's, or turns out to be now that the bus has ended the link.</summary>
    private bool IsLost => _isLost || (_doorbell.HasEnded && !HasSocket());

    /// <summary>Whether the socket is still this link's; if not, it is given up. Asks the kernel.</summary>
    private bool HasSocket()
    {
        if (_isLost || _socket.IsOurs)
        {
            return !_isLost;
        }

        _isLost = true;
        _isDead = true;
        _socket.GiveUp();
        if (!_bell.IsSurelyOurs)
        {
            _bell.GiveUp();
        }

        return false;
    }

    /// <summary>Whether the socket is still this link's, for who comes here often: the kernel is asked if the bus has ended the link, and now and then.</summary>
    /// <remarks>Now and then, because the bus hears nothing of it as long as a forked child has the socket too.</remarks>
    private bool HasSocketStill() =>
        !IsLost && (++_chances % ChancesBetweenQuestions != 0 || HasSocket());
}
