using Kbus.Core;

namespace Kbus.Tests;

/// <summary>Ksocks on buses in this process.</summary>
public sealed class EmbeddedKsockTests : KsockTests
{
    private protected override ITestBuses Start(BusOptions limits, int buses) => new EmbeddedBuses(new EmbeddedKbus(limits, buses));
}
