using Kbus.Link;

namespace Kbus.Daemon;

/// <summary>This program, executed once more in the same process: what the kernel keeps for each thread then holds for all threads of the runtime.</summary>
internal static class OwnProgram
{
    private const string Itself = "/proc/self/exe";

    /// <summary>Executes it with the arguments that it has. Returns only if that cannot be.</summary>
    public static void BeginAnew()
    {
        try
        {
            string[] arguments = File.ReadAllText("/proc/self/cmdline").Split('\0')[..^1];

            // By its own path, after whose last part the kernel names the process. The other one stands for a program that was removed meanwhile.
            if (new FileInfo(Itself).LinkTarget is { } path)
            {
                _ = LibC.Execute(path, arguments);
            }

            _ = LibC.Execute(Itself, arguments);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // There is no /proc. The caller goes on as it is.
        }
    }
}
