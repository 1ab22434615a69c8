namespace Kbus.Link;

/// <summary>What a record in a watcher's ring tells of. See docs/watching.md ("The wire").</summary>
internal enum WatchRecordKind : uint
{
    /// <summary>A message: <see cref="WatchHead"/>, <see cref="WatchMessage"/>, its recipients, its name, its data.</summary>
    Message = 1,

    /// <summary>A Ksock was opened: <see cref="WatchHead"/>, <see cref="WatchKsock"/>.</summary>
    Opened = 2,

    /// <summary>A Ksock closes: <see cref="WatchHead"/>, <see cref="WatchDetail"/> with the <see cref="WatchEnd"/> and a <see cref="LinkFault"/>.</summary>
    Closed = 3,

    /// <summary>A Ksock has bound or tried to: <see cref="WatchHead"/>, <see cref="WatchName"/>, the name.</summary>
    Bound = 4,

    /// <summary>A Ksock has unbound or tried to, or may not be bound any more: as <see cref="Bound"/>.</summary>
    Unbound = 5,

    /// <summary>A Ksock has changed a setting or tried to: <see cref="WatchHead"/>, <see cref="WatchDetail"/> with the setting and the value.</summary>
    Set = 6,

    /// <summary>A share is used up: <see cref="WatchHead"/>, <see cref="WatchDetail"/> with kind and level, and the share.</summary>
    Limit = 7,

    /// <summary>Events are missing here: <see cref="WatchHead"/> with the number of the first, <see cref="WatchDetail"/> with how many.</summary>
    Lost = 8,

    /// <summary>A Ksock that was open when the watcher came: as <see cref="Opened"/>.</summary>
    PresentKsock = 9,

    /// <summary>A binding that was there when the watcher came: as <see cref="Bound"/>.</summary>
    PresentBinding = 10,

    /// <summary>All that was there when the watcher came has been told: <see cref="WatchHead"/> alone.</summary>
    PresentEnd = 11,
}
