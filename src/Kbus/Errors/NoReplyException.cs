namespace Kbus;

/// <summary>A Request that was asked got a Status instead of a Reply: its replier gave no answer. The errno is EREMOTEIO.</summary>
public sealed class NoReplyException : KbusException
{
    /// <summary>Makes an exception.</summary>
    public NoReplyException()
        : base(Errno.EREMOTEIO)
    {
    }

    /// <summary>Makes an exception.</summary>
    /// <param name="message">What happened.</param>
    public NoReplyException(string message)
        : base(Errno.EREMOTEIO, message)
    {
    }

    /// <summary>Makes an exception.</summary>
    /// <param name="message">What happened.</param>
    /// <param name="innerException">What it came from.</param>
    public NoReplyException(string message, Exception innerException)
        : base(Errno.EREMOTEIO, message, innerException)
    {
    }

    internal NoReplyException(Status status, KbusException text)
        : base(text) => Status = status;

    /// <summary>The Status that came; its name and <see cref="Status.Meaning"/> say why. Null if the exception was not made by a Ksock.</summary>
    public Status? Status { get; }
}
