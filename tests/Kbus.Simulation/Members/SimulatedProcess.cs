using Kbus.Linux;

namespace Kbus.Simulation;

/// <summary>A process that has Ksocks. Ends of pipes stand in for its pidfds: they tell of its death as those do, and each is a file of its own.</summary>
/// <param name="number">What tells it from all others.</param>
/// <param name="user">Whose process it is.</param>
internal sealed class SimulatedProcess(int number, uint user) : IDisposable
{
    private readonly List<Descriptor> _ends = [];

    /// <summary>What tells it from all others.</summary>
    public int Number => number;

    /// <summary>Whose process it is.</summary>
    public uint User => user;

    /// <summary>Its Ksocks.</summary>
    public List<Member> Members { get; } = [];

    /// <summary>True once it has died.</summary>
    public bool IsDead { get; private set; }

    /// <summary>A descriptor of the bus's own that tells of its death.</summary>
    public Descriptor Watch()
    {
        if (LibC.Pipe(out int read, out int write) < 0)
        {
            throw new InvalidOperationException("There is no descriptor left for a pipe.");
        }

        _ends.Add(new Descriptor(write));
        return new Descriptor(read);
    }

    /// <summary>It dies.</summary>
    public void Die()
    {
        IsDead = true;
        _ends.ForEach(e => e.Dispose());
    }

    /// <inheritdoc/>
    public void Dispose() => Die();
}
