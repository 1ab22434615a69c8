namespace Kbus.Tests;

/// <summary>Buses in this process.</summary>
internal sealed class EmbeddedBuses(EmbeddedKbus kbus) : ITestBuses
{
    public Ksock Open(uint device, KsockMode mode, KsockOptions options) => kbus.Open(device, mode, options);

    public void Die() => kbus.Dispose();

    public void Dispose() => kbus.Dispose();
}
