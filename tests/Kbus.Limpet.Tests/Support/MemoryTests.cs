namespace Kbus.Limpets.Tests;

/// <summary>Tests that count the bytes of this process, or need many of them: one at a time, and beside no others.</summary>
[CollectionDefinition(nameof(MemoryTests), DisableParallelization = true)]
public sealed class MemoryTests;
