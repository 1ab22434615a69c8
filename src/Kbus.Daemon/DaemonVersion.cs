using System.Reflection;

namespace Kbus.Daemon;

/// <summary>Which version of the daemon this is.</summary>
internal static class DaemonVersion
{
    /// <summary>The version, as <c>0.1.0</c>.</summary>
    public static string Text { get; } =
        typeof(DaemonVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "unknown";
}
