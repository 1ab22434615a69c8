namespace Kbus.Conformance;

/// <summary>The promises on buses in this process.</summary>
public sealed class PromisesInProcess : PromiseTests
{
    private protected override IPromiseHost Start() => new Host();

    private sealed class Host : IPromiseHost
    {
        private readonly EmbeddedKbus _kbus = new(buses: 2);

        public Ksock Open(uint device) => _kbus.Open(device);

        public void Dispose() => _kbus.Dispose();
    }
}
