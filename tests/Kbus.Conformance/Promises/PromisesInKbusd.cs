using System.Collections.Concurrent;
using Kbus.Replay;

namespace Kbus.Conformance;

/// <summary>The promises over links to a daemon in a process of its own.</summary>
public sealed class PromisesInKbusd : PromiseTests
{
    private protected override IPromiseHost Start() => new Host(isSequenced: false);

    /// <summary>A daemon.</summary>
    internal sealed class Host(bool isSequenced) : IPromiseHost
    {
        private readonly DaemonProcess _daemon = DaemonProcess.Start(isSequenced, "--buses", "2");
        private readonly ConcurrentBag<Ksock> _opened = [];

        public Ksock Open(uint device)
        {
            var options = new KsockOptions { RuntimeDirectory = _daemon.Directory, StartDaemon = false, OpenTimeout = TimeSpan.FromMinutes(3) };
            Ksock ksock = Ksock.Open(device, KsockMode.ReadWrite, options);
            _opened.Add(ksock);
            return ksock;
        }

        public void Dispose()
        {
            foreach (Ksock ksock in _opened)
            {
                ksock.Dispose();
            }

            _daemon.Dispose();
        }
    }
}
