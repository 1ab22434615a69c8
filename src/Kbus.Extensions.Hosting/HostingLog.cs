using Microsoft.Extensions.Logging;

namespace Kbus.Hosting;

/// <summary>Everything that the package logs. The code is generated when it is compiled.</summary>
internal static partial class HostingLog
{
    /// <summary>The category of all its messages.</summary>
    public const string Category = "Kbus.Hosting";

    [LoggerMessage(1, LogLevel.Information, "Bound as {Part} to {Name}, as Ksock {Ksock} of bus {Device}.")]
    public static partial void Bound(ILogger logger, string part, string name, uint ksock, uint device);

    [LoggerMessage(2, LogLevel.Error, "The {Part} of {Name} has lost its bus. Messages may have been missed. It tries to bind again.")]
    public static partial void Lost(ILogger logger, Exception exception, string part, string name);

    [LoggerMessage(3, LogLevel.Warning, "The {Part} of {Name} cannot bind again yet: {Reason}")]
    public static partial void NotFoundYet(ILogger logger, string part, string name, string reason);

    [LoggerMessage(4, LogLevel.Error, "The {Part} of {Name} failed with message {Id}.")]
    public static partial void Failed(ILogger logger, Exception exception, string part, string name, MessageId id);

    [LoggerMessage(5, LogLevel.Warning, "The {Part} of {Name} cannot read the data of message {Id}.")]
    public static partial void Unreadable(ILogger logger, Exception exception, string part, string name, MessageId id);

    [LoggerMessage(6, LogLevel.Warning, "The answer of {Name} to {Id} could not be sent.")]
    public static partial void NotAnswered(ILogger logger, Exception exception, string name, MessageId id);

    [LoggerMessage(7, LogLevel.Warning, "The {Part} of {Name} could not be unbound.")]
    public static partial void NotUnbound(ILogger logger, Exception? exception, string part, string name);

    [LoggerMessage(8, LogLevel.Warning, "The {Part} of {Name} was stopped while it handled {Count} messages. Those that are owed an answer got an error reply.")]
    public static partial void StoppedBeforeEnd(ILogger logger, string part, string name, int count);
}
