namespace Kbus.Link;

/// <summary>What the bus found at the front of a command ring.</summary>
internal enum CommandLook
{
    /// <summary>A command.</summary>
    Command,

    /// <summary>Nothing.</summary>
    Empty,

    /// <summary>Nonsense; the consumer's fault says which.</summary>
    Malformed,
}
