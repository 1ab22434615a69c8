using Kbus.Link;

namespace Kbus.Daemon;

/// <summary>This program, executed once more in the same process: what the kernel keeps for each thread then holds for all threads of the runtime.</summary>
internal static class OwnProgram
{
    /// <summary>Executes it with the arguments that it has. Returns only if that cannot be.</summary>
    public static void BeginAnew()
    {
        try
        {
            string[] arguments = File.ReadAllText("/proc/self/cmdline").Split('\0')[..^1];
            _ = LibC.Execute("/proc/self/exe", arguments);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // There is no /proc. The caller goes on as it is.
        }
    }
}
