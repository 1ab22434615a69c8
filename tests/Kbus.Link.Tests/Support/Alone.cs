namespace Kbus.Link.Tests;

/// <summary>Tests that need two processors at once, and so run while no other test does.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone
{
}
