namespace Kbus;

/// <summary>A replier's failure: thrown by a handler to answer with an error reply, and thrown for one to those who ask (D27).</summary>
public sealed class ErrorReplyException : Exception
{
    /// <summary>Makes an exception with the code <see cref="ErrorReply.Failed"/>.</summary>
    public ErrorReplyException()
        : this(new ErrorReply(ErrorReply.Failed))
    {
    }

    /// <summary>Makes an exception with the code <see cref="ErrorReply.Failed"/>.</summary>
    /// <param name="message">What happened, for people; it goes to the Ksock that asked.</param>
    public ErrorReplyException(string message)
        : this(new ErrorReply(ErrorReply.Failed, message))
    {
    }

    /// <summary>Makes an exception with the code <see cref="ErrorReply.Failed"/>.</summary>
    /// <param name="message">What happened, for people; it goes to the Ksock that asked.</param>
    /// <param name="innerException">What it came from, which does not.</param>
    public ErrorReplyException(string message, Exception innerException)
        : base(message, innerException) => Error = new ErrorReply(ErrorReply.Failed, message);

    /// <summary>Makes an exception.</summary>
    /// <param name="code">What kind of failure, for programs: 1 to 100 ASCII letters, digits and dots.</param>
    /// <param name="text">What happened, for people; empty for nothing.</param>
    /// <exception cref="ArgumentException">The code is not such a word.</exception>
    public ErrorReplyException(string code, string text)
        : this(new ErrorReply(code, text))
    {
    }

    /// <summary>Makes an exception of an error reply.</summary>
    /// <param name="error">What the error reply says.</param>
    /// <param name="answer">The Reply that it was read from; null if the program made it itself.</param>
    public ErrorReplyException(ErrorReply error, Reply? answer = null)
        : base(error?.ToString())
    {
        ArgumentNullException.ThrowIfNull(error);
        Error = error;
        Answer = answer;
    }

    /// <summary>What the error reply says.</summary>
    public ErrorReply Error { get; }

    /// <summary>The error reply that came; null if the program made the exception to send one.</summary>
    public Reply? Answer { get; }
}
