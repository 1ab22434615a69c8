namespace Kbus.Fuzz;

/// <summary>Conversations from which the fuzzer of commands starts.</summary>
internal static class CommandSeeds
{
    private const byte Rest = 7 << 2;

    /// <summary>All of them.</summary>
    public static IEnumerable<byte[]> All =>
    [
        // An announcement, and it is taken.
        [0, Act(15, 1), 0, Rest, .. Send(0, 0, 0, 4), 65, 66, Rest, Act(5, 1), Rest],

        // A Request, its reply, a stateful one.
        [0, Act(15, 1), 0x40, Rest, .. Send(0, 0, 1, 0), Rest, Act(5, 1), .. Send(1, 8, 0, 2), 67, Rest, Act(5, 0), .. Send(0, 0x10, 1, 0, 2), Rest],

        // A Request whose replier dies; events of binds; urgent; all or wait.
        [1, Act(14, 2), 5, 1, 0, 0, 0, Act(15, 2), 6, Rest, Act(15, 1), 0x41, Rest, .. Send(0, 1, 0x101, 0), .. Send(0, 1, 8, 0), Act(8, 1), 1, Rest, Act(5, 2), Act(9, 0), 6],

        // A big message in parts, taken and given back.
        [0, Act(15, 1), 0, Act(11, 0), 0, 0, 0, 0, 0x40, 0x40, Act(12, 0), 0, 0x80, Act(12, 0), 0, 0x80, Act(12, 0), 0, 1, Rest, Act(5, 1), Act(16, 1), 1, Rest],

        // Nonsense in heads, tails and rings, also inside the bus's rounds.
        [4, Act(0, 0), 10, 1, 4, 0, 1, 2, 3, 4, Act(3, 0), 0x80, 0, 8, 0, 0, 0, 0, 0, 0, 0, Act(6, 0), 0x1F, Act(13, 0), 2, 0x80, 3, 1, 1, 1, 1, 1, 1, 1, 1, Rest],
        [2, Act(15, 0), 3, Act(15, 1), 2, .. Send(2, 1, 0x200, 6), 1, 2, 3, Act(4, 0), 9, 0, 0, 1, 2, 3, 4, Act(2, 1), 16, 0, 0, 0, 14, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0, Rest],
        [5, Act(14, 0), 7, 5, 0, 0, 0, Act(14, 1), 0, 1, 0, 0, 0, Act(14, 1), 10, 0, 0, 0, 0, Act(15, 1), 0, .. Send(0, 0, 0, 0), .. Send(0, 0, 0x100, 0), Rest, Act(9, 0), 4, Act(9, 0), 5, Rest],
    ];

    private static byte Act(int act, int seat) => (byte)((act << 2) | seat);

    private static byte[] Send(int seat, byte how, int flags, byte length, params byte[] to) =>
        [Act(1, seat), how, (byte)flags, (byte)(flags >> 8), .. to, length];
}
