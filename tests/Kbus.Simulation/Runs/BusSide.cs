using Kbus.Daemon;
using Kbus.Linux;

namespace Kbus.Simulation;

/// <summary>One bus of a run: the daemon's own loop, driven a round at a time, and the members that ever were on it.</summary>
internal sealed class BusSide : IDisposable
{
    private const int MostRounds = 20_000;
    private readonly EpollEvents _events = new(256);
    private readonly List<Spectator> _spectators = [];

    /// <summary>Makes the bus.</summary>
    public BusSide(World world, uint number)
    {
        World = world;
        Number = number;
        bool isSequenced = ServedDaemon.Get().IsSequenced || world.Scenario.IsSequenced;
        Thread = new BusThread(ServedDaemon.Get(), number, world.Scenario.Options, world.Scenario.HasGuests, isSequenced, new Random((int)world.Scenario.Seed));
        Thread.BeginRounds(world.Clock, _events, world.Scenario.RingsAtOnce, world.MakeBus);
    }

    /// <summary>Lets somebody watch from here on.</summary>
    public void BeginWatching(ulong salt) => _spectators.Add(new Spectator(World, this, salt));

    /// <summary>Those who watch read some of what they were told.</summary>
    public void Look() => _spectators.ForEach(s => s.Look());

    /// <summary>Those who watch go.</summary>
    public void EndWatching() => _spectators.ForEach(s => s.Leave());

    /// <summary>The run.</summary>
    public World World { get; }

    /// <summary>Its number.</summary>
    public uint Number { get; }

    /// <summary>The loop.</summary>
    public BusThread Thread { get; }

    /// <summary>Everybody who was ever here, in the order of coming.</summary>
    public List<Member> Members { get; } = [];

    /// <summary>Who switched the reporting of repliers' binds.</summary>
    public List<Call> ReportSwitches { get; } = [];

    /// <summary>Who changed the size of the greatest message, or asked for it.</summary>
    public List<Call> SizeChanges { get; } = [];

    /// <summary>True if somebody wrote nonsense.</summary>
    public bool WasScribbledOn => Members.Exists(m => !m.IsHonest);

    /// <summary>What a member writes into its messages, so that none is taken for another bus's.</summary>
    public uint Mark(int ordinal) => ((Number + 1) << 16) | (uint)ordinal;

    /// <summary>Who has, or had, this Ksock; null for nobody, or the bus itself.</summary>
    public Member? Find(uint ksock) => ksock == 0 ? null : Members.Find(m => m.KsockId == ksock);

    /// <summary>Does rounds until the bus would sleep.</summary>
    public void Rest()
    {
        for (int rounds = 0; Thread.Round(mayRest: true); rounds++)
        {
            if (rounds == MostRounds)
            {
                throw new BrokenPromiseException("P8", $"bus {Number} has not come to rest after {MostRounds} rounds");
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Thread.EndRounds();
        _spectators.ForEach(s => s.Dispose());
        _events.Dispose();
    }
}
