namespace Kbus.Cli;

/// <summary>How a Limpet's lines begin (<c>--log</c>).</summary>
internal enum LogForm
{
    /// <summary>With the network id, as the original's.</summary>
    Plain,

    /// <summary>With the time, in UTC, and the level.</summary>
    Times,

    /// <summary>With the level as the system's journal reads it, which keeps the time itself. See sd-daemon(3).</summary>
    Journal,
}
