using Kbus.Core;
using Kbus.Hosts;

namespace Kbus;

/// <summary>Buses inside this process, for programs that need no other and for tests: no daemon, nothing outside the process.</summary>
/// <remarks>
/// Every call means what it means on a bus of the daemon. Each bus has one lock, and operations run on the caller's thread. Any
/// thread may call. Disposing of it is the death of its buses: see <see cref="Dispose"/>.
/// </remarks>
public sealed class EmbeddedKbus : IDisposable
{
    private const int MaxBuses = 256;
    private readonly Lock _lock = new();
    private readonly List<EmbeddedBus> _buses = [];
    private readonly BusOptions _limits;
    private bool _disposed;

    /// <summary>Makes buses, numbered from 0.</summary>
    /// <param name="limits">The limits that each bus starts with; null for the usual ones.</param>
    /// <param name="buses">How many: 1 to 256.</param>
    /// <exception cref="ArgumentException">A limit is out of its range.</exception>
    public EmbeddedKbus(BusOptions? limits = null, int buses = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(buses, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(buses, MaxBuses);
        _limits = limits ?? new BusOptions();
        if (_limits.Check() is { } fault)
        {
            throw new ArgumentException(fault, nameof(limits));
        }

        for (int i = 0; i < buses; i++)
        {
            _buses.Add(new EmbeddedBus(this, (uint)i, _limits));
        }
    }

    /// <summary>How many buses there are now.</summary>
    public int Buses
    {
        get
        {
            lock (_lock)
            {
                return _buses.Count;
            }
        }
    }

    /// <summary>Opens a Ksock.</summary>
    /// <param name="device">The bus's number.</param>
    /// <param name="mode">What it is opened for.</param>
    /// <param name="options">How it waits; null for the usual way.</param>
    /// <returns>The Ksock; dispose of it to close it.</returns>
    /// <exception cref="KbusException">ENOENT: there is no bus of that number.</exception>
    public Ksock Open(uint device = 0, KsockMode mode = KsockMode.ReadWrite, KsockOptions? options = null) =>
        new(OpenHost(device, mode), options ?? KsockOptions.Default);

    /// <summary>Makes one more bus.</summary>
    /// <returns>Its number.</returns>
    /// <exception cref="KbusException">EINVAL: there are 256 already.</exception>
    public uint NewDevice() => TryAddBus(out uint device) ? device : throw Refusals.OfSetting(Errno.EINVAL, Setting.NewDevice, 0, self: null);

    /// <summary>Ends the buses. Ksocks that are still open find the bus dead: what was delivered to them, and a
    /// <c>$.KBUS.Replier.GoneAway</c> for each Request in flight, can still be read; then every call gives ENODEV (D22).</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _disposed = true;
        }

        foreach (EmbeddedBus bus in _buses)
        {
            bus.Die();
        }
    }

    internal KsockHost OpenHost(uint device, KsockMode mode)
    {
        EmbeddedBus bus;
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (device >= _buses.Count)
            {
                throw Refusals.Of(Errno.ENOENT, "bus", $"There is no bus {device}.", self: null, "open");
            }

            bus = _buses[(int)device];
        }

        return new EmbeddedHost(bus, mode);
    }

    internal bool TryAddBus(out uint device)
    {
        lock (_lock)
        {
            device = (uint)_buses.Count;
            bool fits = !_disposed && device < MaxBuses;
            if (fits)
            {
                _buses.Add(new EmbeddedBus(this, device, _limits));
            }

            return fits;
        }
    }
}
