using Kbus.Core;
using Kbus.Daemon;
using Kbus.Linux;

namespace Kbus.Fuzz;

/// <summary>A bus of the daemon's, driven a round at a time, with a clock of its own: a run is the same each time.</summary>
internal sealed class FuzzedBus : IDisposable
{
    private const int MostRounds = 20_000;

    // As kbusd does.
    private const int RingsAtOnce = 64;
    private readonly EpollEvents _events = new(256);
    private long _nanoseconds = 1;

    /// <summary>Makes the bus.</summary>
    public FuzzedBus(BusOptions options, bool hasDevice = false)
    {
        Thread = new BusThread(FuzzedDaemon.Get(), 0, options, hasDevice, isSequenced: false);
        Thread.BeginRounds(() => _nanoseconds += 300, _events, RingsAtOnce, () => (Errno.EINVAL, 0));
    }

    /// <summary>The loop.</summary>
    public BusThread Thread { get; }

    /// <summary>Time passes.</summary>
    public void Wait(long nanoseconds) => _nanoseconds += nanoseconds;

    /// <summary>Does rounds until the bus would sleep.</summary>
    public void Rest()
    {
        for (int rounds = 0; Thread.Round(mayRest: true); rounds++)
        {
            if (rounds == MostRounds)
            {
                throw new FindingException($"the bus has not come to rest after {MostRounds} rounds");
            }
        }
    }

    /// <summary>Everybody has gone: nothing may be left of them.</summary>
    public void CheckEmpty()
    {
        Bus bus = Thread.Bus;
        Expect(Thread.Sessions.Count == 0 && bus.Ksocks.Count == 0, "a Ksock is left");
        Expect(bus.AnswersOwed == 0, "an answer is owed to nobody");
        Expect(bus.BindingCount == 0 && !bus.Bindings.Any(), "a binding is left");
        Expect(!bus.HasMore, "something is left to be done");
        Expect(bus.SetAsideCount == 0 && !bus.IsLosingEvents, "events are set aside for nobody");
        Expect(bus.Pool.Lent == 0, $"{bus.Pool.Lent} messages are lent to nobody");
        Expect(Thread.Payloads.IsEmpty, "payload memory is left");
        CheckCharges(bus.Charges);
    }

    /// <summary>Nobody may be charged any more.</summary>
    public static void CheckCharges(ChargeBook charges)
    {
        Expect(charges.Processes == 0 && charges.Users.Count == 0, "somebody is charged who is not there");
        foreach (ChargeKind kind in Enum.GetValues<ChargeKind>())
        {
            Expect(charges.HeldOf(kind) == 0, $"{charges.HeldOf(kind)} of {kind} are charged on nobody");
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Thread.EndRounds();
        _events.Dispose();
    }

    private static void Expect(bool isSo, string what)
    {
        if (!isSo)
        {
            throw new FindingException(what);
        }
    }
}
