namespace Kbus.Cli;

/// <summary>What is wrong with the end of what could be read of a recording.</summary>
internal enum RecordingFault
{
    /// <summary>Nothing: the recorder ended it.</summary>
    None,

    /// <summary>The last record is whole, but the recorder did not end it: it still records, or was killed.</summary>
    Unended,

    /// <summary>The file ends in the middle of a record.</summary>
    Cut,

    /// <summary>A record is not what was written.</summary>
    Damaged,

    /// <summary>It is none, or of a version that this release does not read.</summary>
    Unreadable,
}
