using Kbus.Core;
using Kbus.Daemon;

namespace Kbus.Tests;

/// <summary>Buses of a kbusd in this process, which Ksocks reach by links.</summary>
internal sealed class LinkedBuses : ITestBuses
{
    private readonly string _directory = Directory.CreateTempSubdirectory("kbus-").FullName;
    private readonly Daemon.Daemon _daemon;

    public LinkedBuses(BusOptions limits, int buses)
    {
        var options = new DaemonOptions { RuntimeDirectory = _directory, Buses = buses, Bus = limits };
        _daemon = Daemon.Daemon.Start(options, Log.Silent, new StopRequest());
    }

    /// <summary>How to open Ksocks here.</summary>
    public KsockOptions Options => new() { RuntimeDirectory = _directory, StartDaemon = false, OpenTimeout = TimeSpan.FromMinutes(3) };

    /// <summary>How many Ksocks are open.</summary>
    public int OpenKsocks => _daemon.OpenKsocks;

    /// <summary>Holds up bus 0 until it is let go. It is held up when this returns.</summary>
    public void Hold(ManualResetEventSlim letGo)
    {
        using var isHeld = new ManualResetEventSlim();
        _daemon.FindBus(0)!.Post(new Standstill(isHeld, letGo));
        isHeld.Wait();
    }

    public Ksock Open(uint device, KsockMode mode, KsockOptions options) =>
        Ksock.Open(device, mode, options with { RuntimeDirectory = _directory, StartDaemon = false, OpenTimeout = TimeSpan.FromMinutes(3) });

    public void Die() => _daemon.Dispose();

    public void Dispose()
    {
        _daemon.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    private sealed class Standstill(ManualResetEventSlim isHeld, ManualResetEventSlim letGo) : BusWork
    {
        public override void CarryOut(BusThread bus)
        {
            isHeld.Set();
            letGo.Wait();
        }

        public override void Abandon()
        {
        }
    }
}
