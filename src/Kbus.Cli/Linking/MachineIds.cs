using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Kbus.Limpets;

namespace Kbus.Cli;

/// <summary>Network ids that are derived from the machine's identity, so that nobody has to give them out.</summary>
/// <remarks>
/// Two machines have the same id by chance: with a hundred machines once in a million times. Then their Limpets notice it and say so, as
/// with any two that have the same id. Ids below 65,536 are left to those who give them out themselves.
/// </remarks>
internal static class MachineIds
{
    private const uint First = 65_536;
    private static readonly string[] Files = ["/etc/machine-id", "/var/lib/dbus/machine-id"];

    /// <summary>The id of a Limpet of this machine.</summary>
    /// <param name="bus">The number of its bus.</param>
    /// <param name="isServer">Whether it listens.</param>
    /// <param name="address">The address at which it listens or to which it connects: each link of a bus has an id of its own.</param>
    /// <exception cref="CommandException">This machine has no identity.</exception>
    public static uint Of(uint bus, bool isServer, LimpetAddress address)
    {
        string place = $"{(isServer ? "server" : "client")} {address}";
        foreach (string file in Files)
        {
            try
            {
                string machine = File.ReadAllText(file).Trim();
                if (machine.Length >= 32)
                {
                    return Of(machine, bus, place);
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // The next one may be there.
            }
        }

        throw new CommandException(ExitCode.Failed, $"This machine has no identity from which a network id could be derived ({Files[0]}). Give a number by --id.");
    }

    /// <summary>The same for a machine whose identity is known. The identity itself cannot be found from the id.</summary>
    internal static uint Of(string machine, uint bus, string place)
    {
        byte[] hash = SHA256.HashData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"kbus-limpet\n{machine}\n{bus}\n{place}")));
        return First + (uint)(BinaryPrimitives.ReadUInt64BigEndian(hash) % (uint.MaxValue - First + 1UL));
    }
}
