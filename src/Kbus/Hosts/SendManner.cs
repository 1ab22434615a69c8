namespace Kbus.Hosts;

/// <summary>How a message is sent (<see cref="KsockHost"/>).</summary>
[Flags]
internal enum SendManner
{
    /// <summary>As any message.</summary>
    None = 0,

    /// <summary>The bus's limit of message size was looked at when the message was written, and does not count any more.</summary>
    Written = 2,
}
