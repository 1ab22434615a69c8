namespace Kbus.Hosting;

/// <summary>Answers Requests whose data is a value, with a value. It is made anew for each Request, with the services of its constructor.</summary>
/// <typeparam name="TRequest">What the data of a Request is.</typeparam>
/// <typeparam name="TReply">What the data of the Reply is.</typeparam>
public interface IReplier<in TRequest, TReply>
{
    /// <summary>Answers one Request.</summary>
    /// <param name="question">The data of the Request.</param>
    /// <param name="request">The Request, and what belongs to it.</param>
    /// <returns>The answer. An exception becomes an error reply.</returns>
    ValueTask<TReply> ReplyAsync(TRequest question, Delivery request);
}
