namespace Kbus.Bench.Peers;

/// <summary>How long each measurement takes, in milliseconds, and how often it is made.</summary>
/// <param name="Ask">Of round trips.</param>
/// <param name="Tell">Of announcements and payloads.</param>
/// <param name="Rounds">How often.</param>
/// <param name="WarmUp">What part of their time for warming up is given to those who need long.</param>
internal sealed record Durations(int Ask, int Tell, int Rounds, double WarmUp)
{
    /// <summary>For figures that are kept.</summary>
    public static Durations Full { get; } = new(1500, 1200, 5, 1);

    /// <summary>For a look.</summary>
    public static Durations Quick { get; } = new(300, 250, 2, 0.5);
}
