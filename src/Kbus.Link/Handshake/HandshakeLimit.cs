using Kbus.Linux;

namespace Kbus.Link;

/// <summary>When a wait for the other side's record ends without it.</summary>
/// <param name="Deadline">When the time is over.</param>
/// <param name="SignalsFrom">From when on a signal handler that runs, or has run, in the waiting thread ends it too.</param>
internal readonly record struct HandshakeLimit(Deadline Deadline, Deadline SignalsFrom);
