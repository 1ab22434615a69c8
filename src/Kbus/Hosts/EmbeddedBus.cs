using Kbus.Core;

namespace Kbus.Hosts;

/// <summary>One bus in this process, and the lock under which every operation on it runs.</summary>
/// <remarks>A host's bell (see <see cref="EmbeddedHost"/>) may be taken inside this lock, never the other way round.</remarks>
internal sealed class EmbeddedBus(EmbeddedKbus owner, uint device, BusOptions options)
{
    /// <summary>The lock.</summary>
    public Lock Gate { get; } = new();

    /// <summary>The bus itself; touched only under <see cref="Gate"/>.</summary>
    public Bus Bus { get; } = new(options);

    /// <summary>Whose bus it is.</summary>
    public EmbeddedKbus Owner { get; } = owner;

    /// <summary>Its number.</summary>
    public uint Device { get; } = device;

    /// <summary>True once its owner has been disposed of: the bus has died.</summary>
    public bool IsDead { get; private set; }

    /// <summary>The Ksocks' hosts, so that they hear of the bus's death.</summary>
    public HashSet<EmbeddedHost> Hosts { get; } = [];

    /// <summary>Ends the bus: each Request in flight is answered, what was delivered can still be taken, all else gives ENODEV (D22).</summary>
    public void Die()
    {
        lock (Gate)
        {
            if (!IsDead)
            {
                IsDead = true;
                foreach (EmbeddedHost host in Hosts)
                {
                    host.BusDied();
                }
            }
        }
    }
}
