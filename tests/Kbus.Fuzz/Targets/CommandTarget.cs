using Kbus.Core;
using Kbus.Link;

namespace Kbus.Fuzz;

/// <summary>What a process writes into the shared memory of its links, between and inside the rounds of the bus.</summary>
/// <remarks>
/// The first byte says what the bus is like. Then follow acts, each a byte of who and what, and what belongs to it. An honest member is there all
/// the while: in the end it can send itself a message, its link stands, and when all have gone nothing is left of anybody.
/// </remarks>
internal sealed class CommandTarget : Target
{
    private const int Honest = 900;

    /// <inheritdoc/>
    public override string Name => "commands";

    /// <inheritdoc/>
    public override string About => "the command ring and all else of a link's shared memory";

    /// <inheritdoc/>
    public override IEnumerable<byte[]> Seeds => CommandSeeds.All;

    /// <inheritdoc/>
    public override int LongestInput => 2048;

    /// <inheritdoc/>
    public override void Play(ReadOnlySpan<byte> input)
    {
        var reader = new InputReader(input);
        byte kind = reader.Byte();
        using var bus = new FuzzedBus(Options(kind));
        using var honest = new RawLink(bus, Honest, Honest, KsockMode.ReadWrite);
        honest.Command(CommandCode.Bind, 0, 1, Composed.HonestName);
        bus.Rest();
        using var crowd = new Crowd(bus);
        Interleaving.Act = _ => crowd.MomentHasCome();
        try
        {
            while (!reader.IsAtEnd)
            {
                crowd.Act(ref reader);
            }
        }
        finally
        {
            Interleaving.Act = null;
        }

        bus.Rest();
        CheckHonest(bus, honest, mayBeShort: (kind & 2) != 0);
        crowd.Leave();
        bus.Rest();
        honest.Leave(dies: false);
        bus.Rest();
        bus.CheckEmpty();
        FuzzedDaemon.Get().Shares.Read(FuzzedBus.CheckCharges);
    }

    private static BusOptions Options(byte kind)
    {
        var options = new BusOptions { HashSeed = 7 };
        options = (kind & 1) != 0 ? options with { DefaultMaxMessages = 2, MaxSetAsideEvents = 2 } : options;
        options = (kind & 2) != 0
            ? options with { MaxBindings = 12, MaxNameBytes = 256, MaxRequests = 6, MaxMessageBytes = 256 * 1024, MaxRepeats = 3, MaxQueuedBytes = 4096 }
            : options;
        return (kind & 4) != 0 ? options with { StepsAtOnce = 3, ClearedAtOnce = 1 } : options;
    }

    private static void CheckHonest(FuzzedBus bus, RawLink honest, bool mayBeShort)
    {
        Expect(honest.Fault == LinkFault.None, $"an honest link was ended: {honest.Fault}");
        while (honest.Take())
        {
            bus.Rest();
        }

        // What lay behind the ring comes into it with this.
        honest.Command(CommandCode.Refill, 0, 2, default);
        bus.Rest();
        while (honest.Take())
        {
            bus.Rest();
        }

        honest.Command(CommandCode.Send, 0, 3, Composed.Entire(default, Composed.HonestName, default));
        bus.Rest();
        Expect(honest.TryGet(3, out Completion sent), "an honest command got no answer");
        Expect(sent.Error == 0 || (mayBeShort && sent.Error == (int)Errno.EDQUOT), $"an honest message was refused: {(Errno)sent.Error}");
        if (sent.Error == 0 && !mayBeShort)
        {
            Expect(honest.Take() && honest.LastTaken!.Value.Id == sent.Id, "an honest message did not come");
        }

        Expect(!honest.ReadsNonsense, "an honest ring holds nonsense");
    }
}
