namespace Kbus.Linux;

/// <summary>How long an <see cref="AdaptiveSpin"/> spins, and how it learns. All times are in nanoseconds.</summary>
internal readonly record struct SpinRules
{
    /// <summary>The limit never becomes shorter than this.</summary>
    public required long Least { get; init; }

    /// <summary>The limit never becomes longer than this.</summary>
    public required long Most { get; init; }

    /// <summary>The limit while others need the processor; zero for not at all.</summary>
    public required long WhileBusy { get; init; }

    /// <summary>A longer gap between two polls means that another program had the processor.</summary>
    public required long Preemption { get; init; }

    /// <summary>How much of the limit is left after a spin that found nothing, in percent.</summary>
    public required int KeptPercent { get; init; }

    /// <summary>
    /// What the limit becomes after a spin that found something. True: twice that spin's own limit. False: twice the time that it took. It never becomes
    /// shorter by that.
    /// </summary>
    public required bool IsEager { get; init; }

    /// <summary>The length of a pause between two polls, in iterations of the runtime's spinning; zero for one pause of the processor, the shortest.</summary>
    public required int PauseIterations { get; init; }

    /// <summary>For the answer of another thread or process.</summary>
    /// <param name="most">The longest limit, in nanoseconds.</param>
    public static SpinRules ForAnswers(long most) => new()
    {
        // About one answer from a bus that is awake, and less than a sleep and a wake-up. Without it, two sides that have once begun to sleep for each
        // other would go on with that.
        Least = 2_000,
        WhileBusy = 2_000,
        Most = most,
        Preemption = 100_000,
        KeptPercent = 50,
        IsEager = true,
        PauseIterations = 0,
    };
}
