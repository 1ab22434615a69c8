using Kbus.Core;

namespace Kbus.Tests;

/// <summary>Ksocks on buses in this process.</summary>
public sealed class EmbeddedKsockTests : KsockTests
{
    private protected override ITestBuses Start(BusOptions limits, int buses) => new EmbeddedBuses(new EmbeddedKbus(limits, buses));

    private sealed class EmbeddedBuses(EmbeddedKbus kbus) : ITestBuses
    {
        public Ksock Open(uint device, KsockMode mode, KsockOptions options) => kbus.Open(device, mode, options);

        public void Die() => kbus.Dispose();

        public void Dispose() => kbus.Dispose();
    }
}
