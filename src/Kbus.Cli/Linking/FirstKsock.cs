namespace Kbus.Cli;

/// <summary>A Ksock that is opened before there is a link, so that a missing bus is reported at once. The first link takes it.</summary>
/// <remarks>Any thread may call.</remarks>
/// <param name="open">Opens a Ksock.</param>
internal sealed class FirstKsock(Func<Ksock> open) : IDisposable
{
    private Ksock? _kept;

    /// <summary>Opens it.</summary>
    /// <returns>Its id.</returns>
    /// <exception cref="KbusException">There is no such bus.</exception>
    public uint Open()
    {
        _kept = open();
        return _kept.Id;
    }

    /// <summary>The Ksock for a link: the one that is open already, unless its bus has died since; later another one.</summary>
    public Ksock Take()
    {
        Ksock? kept = Interlocked.Exchange(ref _kept, null);
        try
        {
            _ = kept?.NumMessages;
        }
        catch (KbusException)
        {
            kept!.Dispose();
            kept = null;
        }

        return kept ?? open();
    }

    /// <summary>Closes it, if no link has taken it.</summary>
    public void Dispose() => Interlocked.Exchange(ref _kept, null)?.Dispose();
}
