using System.Numerics;

namespace Kbus.Link;

/// <summary>Where everything is in the memory that a Ksock's process and its bus share.</summary>
/// <remarks>
/// The file holds, in this order: the header page, the completion slots, the command ring, the delivery ring, the answer ring; each starts
/// on a page. In the header every word that one side writes on its own has a cache line of its own, and 128 bytes to the next, because
/// processors fetch lines in pairs. A layout that exists is valid.
/// </remarks>
internal sealed record LinkLayout
{
    /// <summary>The first word of the header page and of both handshake records.</summary>
    public const uint Magic = 0x53554247;

    /// <summary>The newest version of the layout, of the records and of the handshake together that this release speaks (<see cref="LinkVersions"/>).</summary>
    public const uint Version = 6;

    /// <summary>The oldest version that this release speaks.</summary>
    public const uint OldestVersion = 6;

    /// <summary>Completion slots of a link that wishes nothing else.</summary>
    public const int DefaultCompletionSlots = 1024;

    /// <summary>Bytes of the command ring of a link that wishes nothing else.</summary>
    public const int DefaultCommandRingSize = 128 * 1024;

    /// <summary>Bytes of the delivery ring of a link that wishes nothing else.</summary>
    public const int DefaultDeliveryRingSize = 1024 * 1024;

    /// <summary>Bytes of the answer ring, where pages are not larger. Answers that find no room wait behind it.</summary>
    public const int DefaultAnswerRingSize = 64 * 1024;

    /// <summary>The most completion slots that a link gets which wishes more than the usual.</summary>
    public const int MostWishedCompletionSlots = 8192;

    /// <summary>Bytes of the largest command ring that a link gets which wishes more than the usual.</summary>
    public const int MostWishedCommandRingSize = 1024 * 1024;

    /// <summary>The most completion slots there can be.</summary>
    public const int LargestCompletionSlots = 64 * 1024;

    /// <summary>The largest ring there can be: positions in the delivery ring are told apart by 24 bits of 8-byte units, 128 MiB.</summary>
    public const int LargestRingSize = 16 * 1024 * 1024;

    /// <summary>The size of a completion slot.</summary>
    public const int CompletionSlotSize = 16;

    internal const int ConstantsOffset = 0x000;
    internal const int CommandTailOffset = 0x080;
    internal const int CommandHeadOffset = 0x100;
    internal const int ClientWantsOffset = 0x180;
    internal const int CompletionSleeperOffset = 0x200;
    internal const int BusWantsBellOffset = 0x280;
    internal const int DeliveryTailsOffset = 0x300;
    internal const int DeliveryHeadOffset = 0x380;
    internal const int CompletionFutexOffset = 0x400;
    internal const int DeliveryFlagsOffset = 0x480;

    // From a word of the deliveries to the same word of the lane of answers.
    internal const int LaneDistance = 0x200;

    private LinkLayout(int completionSlots, int commandRingSize, int deliveryRingSize)
    {
        CompletionSlots = completionSlots;
        CommandRingSize = commandRingSize;
        DeliveryRingSize = deliveryRingSize;
    }

    /// <summary>The layout of a link that wishes nothing else.</summary>
    public static LinkLayout Default { get; } =
        TryCreate(DefaultCompletionSlots, RoundUp(DefaultCommandRingSize), RoundUp(DefaultDeliveryRingSize))!;

    /// <summary>How many commands can wait for their results.</summary>
    public int CompletionSlots { get; }

    /// <summary>Bytes of the command ring.</summary>
    public int CommandRingSize { get; }

    /// <summary>Bytes of the delivery ring.</summary>
    public int DeliveryRingSize { get; }

    /// <summary>Bytes of the header: one page, whatever size the pages of this machine have.</summary>
    public static int HeaderSize => Environment.SystemPageSize;

    /// <summary>Bytes of the completion slots, in whole pages.</summary>
    public int CompletionsSize => RoundUp(CompletionSlots * CompletionSlotSize);

    /// <summary>Where the command ring begins in the file.</summary>
    public int CommandRingOffset => HeaderSize + CompletionsSize;

    /// <summary>Where the delivery ring begins in the file.</summary>
    public int DeliveryRingOffset => CommandRingOffset + CommandRingSize;

    /// <summary>Bytes of the answer ring.</summary>
    public static int AnswerRingSize { get; } = Math.Max(DefaultAnswerRingSize, Environment.SystemPageSize);

    /// <summary>Where the answer ring begins in the file.</summary>
    public int AnswerRingOffset => DeliveryRingOffset + DeliveryRingSize;

    /// <summary>Bytes of the file.</summary>
    public int FileSize => AnswerRingOffset + AnswerRingSize;

    /// <summary>Bytes of the ring of a lane.</summary>
    public int RingSize(DeliveryLane lane) => lane == DeliveryLane.Messages ? DeliveryRingSize : AnswerRingSize;

    /// <summary>A layout of these sizes, or null when one of them cannot be.</summary>
    /// <param name="completionSlots">A power of two.</param>
    /// <param name="commandRingSize">A power of two and whole pages.</param>
    /// <param name="deliveryRingSize">A power of two and whole pages.</param>
    public static LinkLayout? TryCreate(int completionSlots, int commandRingSize, int deliveryRingSize)
    {
        bool possible = IsPowerOfTwo(completionSlots, 1, LargestCompletionSlots)
            && IsPowerOfTwo(commandRingSize, Environment.SystemPageSize, LargestRingSize)
            && IsPowerOfTwo(deliveryRingSize, Environment.SystemPageSize, LargestRingSize);
        return possible ? new LinkLayout(completionSlots, commandRingSize, deliveryRingSize) : null;
    }

    /// <summary>The layout that a client gets by what it wishes: the next larger one there is, not less than the usual, and not without limit.</summary>
    /// <param name="completionSlots">The wished number of completion slots; zero for the usual.</param>
    /// <param name="commandRingSize">The wished bytes of the command ring; zero for the usual.</param>
    /// <param name="deliveryRingSize">The wished bytes of the delivery ring; zero for the usual, which is also the most.</param>
    public static LinkLayout Wished(uint completionSlots, uint commandRingSize, uint deliveryRingSize) => TryCreate(
        Granted(completionSlots, Default.CompletionSlots, MostWishedCompletionSlots),
        Granted(commandRingSize, Default.CommandRingSize, MostWishedCommandRingSize),
        Granted(deliveryRingSize, Default.DeliveryRingSize, Default.DeliveryRingSize))!;

    private static int Granted(uint wished, int usual, int most) =>
        wished >= most ? most : Math.Max(usual, (int)BitOperations.RoundUpToPowerOf2(wished));

    private static bool IsPowerOfTwo(int value, int least, int most) =>
        value >= least && value <= most && BitOperations.IsPow2(value);

    private static int RoundUp(int size)
    {
        int page = Environment.SystemPageSize;
        return (size + page - 1) & -page;
    }
}
