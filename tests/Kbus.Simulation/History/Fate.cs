namespace Kbus.Simulation;

/// <summary>What became of a message that a member sent, as far as that member knows.</summary>
internal enum Fate
{
    /// <summary>The member has gone without hearing of it.</summary>
    Unknown,

    /// <summary>The bus said that it was sent.</summary>
    Sent,

    /// <summary>The bus said why not: nobody may have received anything.</summary>
    Refused,

    /// <summary>It waits for room.</summary>
    Waiting,

    /// <summary>It was given up while it waited, or before all its parts were on their way.</summary>
    Dropped,

    /// <summary>A poll found that it waits no more: it was sent, or failed for good; a Request is answered in both cases.</summary>
    Polled,
}
