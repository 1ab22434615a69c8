using System.Collections.Concurrent;
using System.Diagnostics;
using Kbus.Limpets;
using Kbus.Replay;

namespace Kbus.Native.Tests;

/// <summary>The Limpet of <c>samples/c</c>, network id 1 on bus 0, paired with the one of .NET, network id 2 on bus 1.</summary>
internal sealed class LimpetPair : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(180);
    private readonly DaemonProcess _daemon = DaemonProcess.Start();
    private readonly string _program = Path.Join(Path.GetTempPath(), $"kbus-{Path.GetRandomFileName()}");
    private readonly string _address = Path.Join(Path.GetTempPath(), $"kbus-{Path.GetRandomFileName()}");
    private readonly ConcurrentQueue<string> _told = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Ksock> _open = [];
    private Process? _process;
    private Task? _running;

    private LimpetPair()
    {
    }

    /// <summary>Brings the two together.</summary>
    /// <param name="isServerInC">Which of them listens.</param>
    public static async Task<LimpetPair> Make(bool isServerInC)
    {
        var pair = new LimpetPair();
        _ = pair.Open(0).NewDevice();
        CompiledLibrary.Find().Compile(Path.Join(Checkout.Root, "samples", "c", "limpet.c"), pair._program);
        var linked = new TaskCompletionSource();
        var options = new LimpetOptions
        {
            Device = 1,
            NetworkId = 2,
            Ksock = new KsockOptions { RuntimeDirectory = pair._daemon.Directory },
            Tell = pair._told.Enqueue,
            Linked = _ => linked.TrySetResult(),
        };
        LimpetAddress address = LimpetAddress.Parse(pair._address);
        var plain = new LimpetSecurity { AllowPlainLoopback = true };
        if (isServerInC)
        {
            pair.Start("-s");
            Assert.Equal("Listening.", await pair._process!.StandardOutput.ReadLineAsync());
            pair._running = new LimpetClient(address, options, plain).RunAsync(isOnce: true, pair._stop.Token);
        }
        else
        {
            LimpetServer server = await LimpetServer.ListenAsync(address, options, plain);
            pair._running = Run(server, pair._stop.Token);
            pair.Start("-c");
        }

        Assert.Equal("Linked with Limpet 2.", await pair._process!.StandardOutput.ReadLineAsync());
        await linked.Task.WaitAsync(Limit);
        return pair;
    }

    /// <summary>Opens a Ksock.</summary>
    public Ksock Open(uint bus)
    {
        Ksock ksock = Ksock.Open(bus, KsockMode.ReadWrite, new KsockOptions { RuntimeDirectory = _daemon.Directory });
        _open.Add(ksock);
        return ksock;
    }

    /// <summary>Opens a Ksock and binds it.</summary>
    public Ksock Bound(uint bus, string name, bool replier = false)
    {
        Ksock ksock = Open(bus);
        ksock.Bind(name, replier);
        return ksock;
    }

    /// <summary>Waits until a name has a replier on a bus, or none.</summary>
    public void AwaitReplier(uint bus, string name, bool isThere = true)
    {
        Ksock ksock = Open(bus);
        Assert.True(SpinWait.SpinUntil(() => ksock.FindReplierFor(name) is not null == isThere, Limit), $"{name}: {string.Join(" / ", _told)}");
    }

    /// <summary>The next message, which must come.</summary>
    public static Message Next(Ksock ksock) => ksock.WaitForMessage(Limit) ?? throw new TimeoutException($"{ksock} got nothing");

    /// <summary>Ends the program in C as a kill does.</summary>
    public void KillTheOneInC() => _process!.Kill();

    /// <summary>Ends all.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        if (_running is not null)
        {
            await _running.WaitAsync(Limit);
        }

        if (_process is not null)
        {
            // Its peer has gone.
            using var limit = new CancellationTokenSource(Limit);
            await _process.WaitForExitAsync(limit.Token);
            _process.Dispose();
        }

        _open.ForEach(k => k.Dispose());
        _daemon.Dispose();
        _stop.Dispose();
        File.Delete(_program);
        File.Delete(_address);
    }

    private static async Task Run(LimpetServer server, CancellationToken stop)
    {
        using (server)
        {
            _ = await server.RunAsync(isOnce: true, stop);
        }
    }

    private void Start(string role)
    {
        var start = new ProcessStartInfo(_program, [role, _address, "-id", "1", "-k", "0"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["KBUS_RUNTIME_DIR"] = _daemon.Directory;
        start.Environment["KBUS_AUTOSTART"] = "0";
        _process = Process.Start(start)!;
    }
}
