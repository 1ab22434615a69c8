using System.Diagnostics.CodeAnalysis;
using Kbus.Core;
using Kbus.Link;
using Kbus.Linux;
using Kbus.Policy;

namespace Kbus.Daemon;

/// <summary>The daemon: its directory, its buses, and the thread that takes connections for them.</summary>
internal sealed class Daemon : IDisposable
{
    /// <summary>The most buses of one daemon.</summary>
    public const int MostBuses = 256;

    private readonly DaemonOptions _options;
    private readonly Lock _lock = new();
    private readonly List<BusThread> _buses = [];
    private readonly ListeningThread _listening;
    private readonly StopRequest _stop;
    private readonly DaemonPolicy? _policy;
    private readonly long _started = TimeProvider.System.GetTimestamp();
    private DeviceHost? _devices;
    private bool _isDisposed;

    private Daemon(DaemonOptions options, ServingDirectory serving, DaemonPolicy? policy, Log log, StopRequest stop, Frames frames)
    {
        Frames = frames;
        _policy = policy;
        _stop = stop;
        _options = options;
        Shares = new DaemonShares(options.MaxKsocks ?? DaemonShares.MostKsocks);
        Serving = serving;
        Log = log;
        _listening = new ListeningThread(this, options);
    }

    /// <summary>Where the sockets are.</summary>
    public string Directory => Serving.Path;

    /// <summary>The directory of the sockets, locked for this daemon.</summary>
    public ServingDirectory Serving { get; }

    /// <summary>What processes hold of the daemon itself.</summary>
    public DaemonShares Shares { get; }

    /// <summary>The log.</summary>
    public Log Log { get; }

    /// <summary>True if each bus is a replica that is fed by a log in memory. It is slower, and for the tests of replicas.</summary>
    public bool IsSequenced { get; } = TrustedEnvironment.Variable("KBUS_TEST_SEQUENCED") == "1";

    /// <summary>The outermost frames of the threads.</summary>
    public Frames Frames { get; }

    /// <summary>The current policy; null if there is none.</summary>
    public PolicyRules? Policy => _policy?.Rules;

    /// <summary>How long it has been serving.</summary>
    public TimeSpan Uptime => TimeProvider.System.GetElapsedTime(_started);

    /// <summary>How many buses there are.</summary>
    public int BusCount
    {
        get
        {
            lock (_lock)
            {
                return _buses.Count;
            }
        }
    }

    /// <summary>Watchers of all buses.</summary>
    public int Watchers
    {
        get
        {
            lock (_lock)
            {
                return _buses.Sum(b => b.WatcherCount);
            }
        }
    }

    /// <summary>Open Ksocks on all buses.</summary>
    public int OpenKsocks
    {
        get
        {
            lock (_lock)
            {
                return _buses.Sum(b => b.OpenKsocks);
            }
        }
    }

    /// <summary>Where a daemon with these options has its sockets; null if they do not say, and nothing else does.</summary>
    public static string? DirectoryOf(DaemonOptions options) =>
        (options.RuntimeDirectory ?? RuntimeDirectory.ForDaemon) is { } directory ? Path.GetFullPath(directory) : null;

    /// <summary>Starts serving: when this returns, Ksocks can be opened.</summary>
    /// <param name="options">Where and what it serves.</param>
    /// <param name="log">The log.</param>
    /// <param name="stop">Is asked when the daemon ends by itself.</param>
    /// <param name="frames">The outermost frames of its threads; null for those that only log.</param>
    /// <exception cref="KbusdException">It cannot, and the message says why; nothing is left behind.</exception>
    public static Daemon Start(DaemonOptions options, Log log, StopRequest stop, Frames? frames = null)
    {
        string directory = DirectoryOf(options)
            ?? throw new KbusdException("Say where the sockets should be, with --runtime-dir: neither XDG_RUNTIME_DIR nor HOME is set.");
        RaiseDescriptorLimit();
        DaemonPolicy? policy = DaemonPolicy.Read(options, log);
        ServingDirectory held = ServingDirectory.Take(directory);
        Daemon daemon;
        try
        {
            daemon = new Daemon(options, held, policy, log, stop, frames ?? new Frames(log));
        }
        catch
        {
            held.Dispose();
            throw;
        }

        try
        {
            daemon.Open();
            return daemon;
        }
        catch
        {
            daemon.Dispose();
            throw;
        }
    }

    /// <summary>Writes into the log what is served.</summary>
    public void Report()
    {
        Log.Started(Directory, _options.Buses);
        if (Serving.Complaint is { } complaint)
        {
            Log.DirectoryIsOpen(Directory, complaint);
        }

        _devices?.Report();
    }

    /// <summary>Reads the policy again, if there is one. Any thread may call.</summary>
    public void ReloadPolicy() => _policy?.Reload(Adopt);

    /// <summary>Asks the daemon to stop. Any thread may call; the first reason counts.</summary>
    public void AskToStop(string why) => _stop.Ask(why);

    /// <summary>The bus of this number, or null. A bus that a fault has ended is replaced by a new, empty one. Any thread may call.</summary>
    /// <remarks>If a new one cannot be made now, the ended one is returned. It abandons all work.</remarks>
    public BusThread? FindBus(uint number)
    {
        lock (_lock)
        {
            if (number >= _buses.Count)
            {
                return null;
            }

            BusThread bus = _buses[(int)number];
            if (bus.HasFailed && !_isDisposed && TryMake(number, out BusThread? successor))
            {
                _buses[(int)number] = bus = successor;
            }

            return bus;
        }
    }

    /// <summary>Makes another bus with the same limits (NEWDEVICE). Any thread may call.</summary>
    /// <param name="share">The Ksock that asks for it.</param>
    /// <param name="number">The bus's number.</param>
    /// <param name="refusal">With EDQUOT: the reason.</param>
    /// <returns>None, EINVAL (there are 256 already), EDQUOT, or the error that prevented it.</returns>
    public Errno NewDevice(KsockShare share, out uint number, out QuotaRefusal refusal)
    {
        number = 0;
        refusal = default;
        if (BusCount >= MostBuses)
        {
            return Errno.EINVAL;
        }

        if (!Shares.TryTakeBus(share, out refusal))
        {
            return Errno.EDQUOT;
        }

        Errno error = MakeNext(out number);
        if (error != Errno.None)
        {
            Shares.ReturnBus(share);
        }

        return error;
    }

    private Errno MakeNext(out uint number)
    {
        lock (_lock)
        {
            number = (uint)_buses.Count;
            if (_isDisposed || _buses.Count >= MostBuses)
            {
                return Errno.EINVAL;
            }

            try
            {
                Add(number);
                _devices?.BusAdded(number);
                return Errno.None;
            }
            catch (KbusdException)
            {
                return Errno.ENOMEM;
            }
        }
    }

    /// <summary>Makes every bus free payload memory that nobody uses.</summary>
    public void TrimBuses()
    {
        lock (_lock)
        {
            _buses.ForEach(b => b.Post(new TrimWork()));
        }
    }

    /// <summary>A member has left, or what it had has been cleared away.</summary>
    public void TidyLater() => _listening.TidyLater();

    /// <summary>A bus has lost its last Ksock; the daemon may have become idle.</summary>
    public void KsocksChanged() => _listening.Wake();

    /// <summary>Stops the daemon: no more connections, every link hung up, nothing left in the file system.</summary>
    /// <remarks>The buses run until no connection can reach them, and the listening thread's bell exists until no bus can ring it.</remarks>
    public void Dispose()
    {
        List<BusThread> buses;
        lock (_lock)
        {
            if (_isDisposed)
            {
                return;
            }

            _isDisposed = true;
            buses = [.. _buses];
        }

        _devices?.Dispose();
        _listening.Stop();
        buses.ForEach(b => b.Stop());
        _listening.Dispose();
        Serving.Dispose();
    }

    private void Open()
    {
        lock (_lock)
        {
            for (uint number = 0; number < _options.Buses; number++)
            {
                Add(number);
            }
        }

        _devices = DeviceHost.Start(this, _options);
        _listening.Start();
    }

    private void Add(uint number)
    {
        BusThread bus = Make(number);
        try
        {
            _listening.Listen(bus);
        }
        catch
        {
            bus.Stop();
            throw;
        }

        _buses.Add(bus);
    }

    private bool TryMake(uint number, [NotNullWhen(true)] out BusThread? bus)
    {
        try
        {
            bus = Make(number);
            return true;
        }
        catch (KbusdException)
        {
            bus = null;
            return false;
        }
    }

    private BusThread Make(uint number)
    {
        // With a secret seed, members cannot choose names that collide. It changes no result.
        ulong seed = (ulong)Random.Shared.NextInt64();
        var bus = new BusThread(this, number, _options.Bus with { HashSeed = seed }, _options.Devices is not null, IsSequenced);
        if (_policy is { } policy)
        {
            bus.Adopt(policy.Rules);
        }

        bus.Start();
        return bus;
    }

    /// <summary>Applies other rules to all buses. Buses that are made later get them from the start.</summary>
    private void Adopt(PolicyRules rules)
    {
        lock (_lock)
        {
            var report = new PolicyReport(rules.Path, _buses.Count, Log);
            foreach (BusThread bus in _buses)
            {
                _ = bus.Post(new PolicyChange(rules, report));
            }
        }
    }

    /// <summary>Raises the soft limit of descriptors to the hard one: a daemon needs a descriptor for each Ksock.</summary>
    private static void RaiseDescriptorLimit()
    {
        if (LibC.OpenFileLimit(out ulong now, out ulong most) >= 0 && now < most)
        {
            _ = LibC.SetOpenFileLimit(most, most);
        }
    }
}
