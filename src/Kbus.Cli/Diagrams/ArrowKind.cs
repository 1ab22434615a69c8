namespace Kbus.Cli;

/// <summary>What an arrow of a diagram stands for.</summary>
internal enum ArrowKind
{
    /// <summary>A copy of an announcement, or of a message that was for somebody else, to a listener.</summary>
    Heard,

    /// <summary>A Request to its replier.</summary>
    Request,

    /// <summary>A Reply to its requester.</summary>
    Reply,

    /// <summary>A Status to its requester, in the place of a Reply.</summary>
    Status,

    /// <summary>A copy that did not arrive.</summary>
    Missed,
}
