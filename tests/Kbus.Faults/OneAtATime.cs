using Xunit.Sdk;
using Xunit.v3;

// Each of these tests wants the machine for itself: they start many processes, and kill them at moments that should be random.
[assembly: Parallelization(Mode = ParallelMode.None)]
