using Kbus.Linux;

namespace Kbus.Daemon;

/// <summary>Executes this program again in the same process. Attributes that the kernel keeps for each thread then apply to all threads of the runtime.</summary>
internal static class OwnProgram
{
    private const string Itself = "/proc/self/exe";

    /// <summary>Executes it with its own arguments, and further ones behind them. Returns only if that fails.</summary>
    public static void BeginAnew(params ReadOnlySpan<string> further)
    {
        try
        {
            string[] arguments = [.. File.ReadAllText("/proc/self/cmdline").Split('\0')[..^1], .. further];

            // By its own path, because the kernel names the process after its last part. The other path works even if the program was removed meanwhile.
            if (new FileInfo(Itself).LinkTarget is { } path)
            {
                _ = LibC.Execute(path, arguments);
            }

            _ = LibC.Execute(Itself, arguments);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // There is no /proc. The caller continues unchanged.
        }
    }
}
