using System.Text;

namespace Kbus;

/// <summary>Why a replier could not answer a Request: the contents of an error reply (D27; docs/error-replies.md).</summary>
/// <remarks>
/// An error reply is a Reply with the flag <see cref="MessageFlags.ErrorReply"/>, which nothing but this convention uses: so it differs from every
/// answer, whatever data that has. Its data is UTF-8: the code, and, if there is a text, a line feed and the text.
/// </remarks>
public sealed record ErrorReply
{
    /// <summary>The code of a replier that failed for a reason it does not tell.</summary>
    public const string Failed = "Failed";

    /// <summary>The code for a Request whose data the replier could not read. Nothing was done.</summary>
    public const string BadRequest = "BadRequest";

    /// <summary>The code of a replier that is being stopped, and did not finish in time. It may have acted on the Request, or in part.</summary>
    public const string Stopping = "Stopping";

    private const int LongestCode = 100;

    /// <summary>Makes one.</summary>
    /// <param name="code">What kind of failure, for programs: 1 to 100 ASCII letters, digits and dots.</param>
    /// <param name="text">What happened, for people; empty for nothing.</param>
    /// <exception cref="ArgumentException">The code is not such a word.</exception>
    public ErrorReply(string code, string text = "")
    {
        ArgumentNullException.ThrowIfNull(text);
        Code = IsCode(code) ? code : throw new ArgumentException("The code of an error reply is 1 to 100 ASCII letters, digits and dots.", nameof(code));
        Text = text;
    }

    /// <summary>What kind of failure, for programs.</summary>
    public string Code { get; }

    /// <summary>What happened, for people; empty if nothing is said.</summary>
    public string Text { get; }

    /// <summary>Reads an error reply.</summary>
    /// <param name="answer">What came as the answer to a Request.</param>
    /// <returns>Why there is no answer; null if this message is not an error reply, but an answer or something else.</returns>
    /// <remarks>Data without a code, as other programs may write, is a text with the code <see cref="Failed"/>.</remarks>
    public static ErrorReply? Read(Message answer)
    {
        ArgumentNullException.ThrowIfNull(answer);
        if (answer is not Reply || (answer.Flags & MessageFlags.ErrorReply) == 0)
        {
            return null;
        }

        string said = answer.DataAsText;
        string[] parts = said.Split('\n', 2);
        return IsCode(parts[0]) ? new ErrorReply(parts[0], parts.Length > 1 ? parts[1] : "") : new ErrorReply(Failed, said);
    }

    /// <summary>Makes the error reply to a Request that was read.</summary>
    /// <param name="request">The Request; it must want its reader to reply.</param>
    /// <returns>A Reply with <see cref="MessageFlags.ErrorReply"/>. It is not sent yet.</returns>
    /// <exception cref="ArgumentException">The message is not a Request for its reader to reply to.</exception>
    public Reply To(Message request) => Message.ReplyTo(request, Encoding.UTF8.GetBytes(ToData()), MessageFlags.ErrorReply);

    /// <summary>Such as <c>NotFound: There is no such city.</c></summary>
    public override string ToString() => Text.Length == 0 ? Code : $"{Code}: {Text}";

    private string ToData() => Text.Length == 0 ? Code : $"{Code}\n{Text}";

    private static bool IsCode(string? text) =>
        text is { Length: > 0 and <= LongestCode } && text.All(c => char.IsAsciiLetterOrDigit(c) || c == '.');
}
