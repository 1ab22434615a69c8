namespace Kbus.Core;

/// <summary>What became of one recipient's copy of a message.</summary>
internal enum CopyFate : byte
{
    /// <summary>A listener got it.</summary>
    Listener,

    /// <summary>The replier got it: the copy of a Request that it must answer.</summary>
    Replier,

    /// <summary>The requester got it: the answer that it was owed.</summary>
    Requester,

    /// <summary>A listener without room missed it.</summary>
    Missed,

    /// <summary>An event that waits until its listener has room.</summary>
    SetAside,

    /// <summary>The message was refused, or waits, because this recipient has no room.</summary>
    NoRoom,
}
