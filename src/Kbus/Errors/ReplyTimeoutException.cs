namespace Kbus;

/// <summary>No answer to a Request came in the time given. The errno is ETIMEDOUT. A late answer comes as an ordinary message.</summary>
public sealed class ReplyTimeoutException : KbusException
{
    /// <summary>Makes an exception.</summary>
    public ReplyTimeoutException()
        : base(Errno.ETIMEDOUT)
    {
    }

    /// <summary>Makes an exception.</summary>
    /// <param name="message">What happened.</param>
    public ReplyTimeoutException(string message)
        : base(Errno.ETIMEDOUT, message)
    {
    }

    /// <summary>Makes an exception.</summary>
    /// <param name="message">What happened.</param>
    /// <param name="innerException">What it came from.</param>
    public ReplyTimeoutException(string message, Exception innerException)
        : base(Errno.ETIMEDOUT, message, innerException)
    {
    }

    internal ReplyTimeoutException(KbusException text)
        : base(text)
    {
    }
}
