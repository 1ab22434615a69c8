using Xunit.Sdk;
using Xunit.v3;

// A process that is just being started holds a copy of every descriptor until it has begun. What closing does, and when, could not be seen
// while other tests start processes.
[assembly: Parallelization(Mode = ParallelMode.None)]
