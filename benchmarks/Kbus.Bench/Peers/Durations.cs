namespace Kbus.Bench.Peers;

/// <summary>How long each measurement takes, in milliseconds, and how often it is made.</summary>
/// <param name="Ask">Of round trips.</param>
/// <param name="Tell">Of announcements and payloads.</param>
/// <param name="Rounds">How often.</param>
internal sealed record Durations(int Ask, int Tell, int Rounds)
{
    /// <summary>For figures that are kept.</summary>
    public static Durations Full { get; } = new(1500, 1200, 5);

    /// <summary>For a look.</summary>
    public static Durations Quick { get; } = new(400, 300, 2);
}
