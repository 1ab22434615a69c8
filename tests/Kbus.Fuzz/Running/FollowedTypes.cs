using System.Reflection;

namespace Kbus.Fuzz;

/// <summary>The types whose coverage the fuzzer follows.</summary>
/// <remarks>
/// The instrumented code counts which branch follows on which, whatever thread comes to it. What runs on threads that an input does not drive would be
/// counted in between, a little otherwise each time, and taken for news. So it is left out: what the garbage collector's thread and the listening thread
/// do, and the bare calls of Linux, which both make.
/// </remarks>
internal static class FollowedTypes
{
    private static readonly string[] LeftOut =
    [
        "Kbus.Core.MessageSlab", "Kbus.Linux.EpollEvents", "Kbus.Linux.LibC", "Kbus.Linux.Descriptor", "Kbus.Linux.Deadline", "Kbus.Daemon.Daemon",
        "Kbus.Daemon.ListeningThread", "Kbus.Daemon.Tidying", "Kbus.Daemon.DirectoryMending", "Kbus.Daemon.MendingPace", "Kbus.Daemon.DirectoryWatch",
    ];

    /// <summary>Their names, in an assembly beside this program.</summary>
    public static IEnumerable<string> Of(string assembly) =>
        Assembly.Load(new AssemblyName(assembly)).GetTypes()
            .Where(t => !t.IsNested && t.FullName is { } name && name.StartsWith("Kbus", StringComparison.Ordinal) && !LeftOut.Contains(name))
            .Select(t => t.FullName!);
}
