namespace Kbus.Hosting;

/// <summary>Answers the Requests of the names that it is bound to. It is made anew for each Request, with the services of its constructor.</summary>
public interface IReplier
{
    /// <summary>Answers one Request.</summary>
    /// <param name="request">The Request, and what belongs to it.</param>
    /// <returns>The data of the Reply. An exception becomes an error reply.</returns>
    ValueTask<ReadOnlyMemory<byte>> ReplyAsync(Delivery request);
}
