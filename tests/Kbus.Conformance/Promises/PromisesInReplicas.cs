namespace Kbus.Conformance;

/// <summary>The promises over links to a daemon whose buses are replicas, each fed by a log in memory.</summary>
public sealed class PromisesInReplicas : PromiseTests
{
    private protected override IPromiseHost Start() => new PromisesInKbusd.Host(isSequenced: true);
}
