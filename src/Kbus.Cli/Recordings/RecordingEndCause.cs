namespace Kbus.Cli;

/// <summary>Why a recorder ended a recording.</summary>
internal enum RecordingEndCause : ulong
{
    /// <summary>It has as many events as were wanted.</summary>
    Count = 0,

    /// <summary>The time was over.</summary>
    Time = 1,

    /// <summary>A signal ended the recorder.</summary>
    Signal = 2,

    /// <summary>The bus ended, or its policy does not let the recorder watch any more.</summary>
    BusEnded = 3,

    /// <summary>It goes on in the next file.</summary>
    Rotated = 4,
}
