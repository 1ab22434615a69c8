using System.Globalization;
using Kbus.Linux;

namespace Kbus.Link;

/// <summary>Where the buses of a machine and of a user live: the directories and the sockets in them.</summary>
internal static class RuntimeDirectory
{
    /// <summary>The directory that every user of the machine shares.</summary>
    public const string OfTheMachine = "/run/kbus";

    /// <summary>The environment variable that names the directory, before all else.</summary>
    public const string Variable = "KBUS_RUNTIME_DIR";

    /// <summary>The name of the socket at which the daemon tells of itself.</summary>
    public const string Control = "control";

    /// <summary>The name of the file whose lock the one daemon of a directory holds.</summary>
    public const string Lock = "lock";

    /// <summary>The name of the log of a daemon that a first Ksock started.</summary>
    public const string Log = "kbusd.log";

    /// <summary>The name of the log that was full.</summary>
    public const string OldLog = Log + ".old";

    /// <summary>The name of a bus's socket.</summary>
    public static string Bus(uint bus) => string.Create(CultureInfo.InvariantCulture, $"bus{bus}");

    /// <summary>The socket of a bus.</summary>
    public static string BusSocket(string directory, uint bus) => Path.Join(directory, Bus(bus));

    /// <summary>The socket at which the daemon tells of itself.</summary>
    public static string ControlSocket(string directory) => Path.Join(directory, Control);

    /// <summary>The file whose lock the one daemon of a directory holds.</summary>
    public static string LockFile(string directory) => Path.Join(directory, Lock);

    /// <summary>The directory that was named; null if none was.</summary>
    public static string? Named => TrustedEnvironment.Variable(Variable);

    /// <summary>The directory of this user alone; null if the environment does not say where that could be.</summary>
    public static string? OfTheUser
    {
        get
        {
            if (!TrustedEnvironment.IsTrusted)
            {
                // Only root can make this directory, whoever started the process.
                return string.Create(CultureInfo.InvariantCulture, $"/run/user/{LibC.UserId()}/kbus");
            }

            if (TrustedEnvironment.Variable("XDG_RUNTIME_DIR") is { } runtime)
            {
                return Path.Join(runtime, "kbus");
            }

            return TrustedEnvironment.Variable("HOME") is { } home ? Path.Join(home, ".cache", "kbus") : null;
        }
    }

    /// <summary>Where a daemon serves that was not told where.</summary>
    public static string? ForDaemon => Named ?? (LibC.UserId() == 0 ? OfTheMachine : OfTheUser);
}
