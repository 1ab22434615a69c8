namespace Kbus.Link;

/// <summary>News that a sleeping client may want to be rung for.</summary>
[Flags]
internal enum LinkNews : uint
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>A message can be taken.</summary>
    Delivery = 1,

    /// <summary>A command has completed.</summary>
    Completion = 2,

    /// <summary>The link is about to be closed, or a waiting send should be tried again.</summary>
    Failure = 4,

    /// <summary>An answer that is awaited under a tag can be taken.</summary>
    Answer = 8,

    /// <summary>Any of them.</summary>
    All = Delivery | Completion | Failure | Answer,
}
