using System.Globalization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace Kbus.Hosting;

/// <summary>Reads <see cref="HostedBusOptions"/> from a section of the configuration, key by key: without reflection, so that it can be compiled ahead of time.</summary>
/// <remarks>A key that is not known is an error: otherwise a misspelled option would silently have its default.</remarks>
internal sealed class BoundOptions(string key, IConfiguration section) : IConfigureNamedOptions<HostedBusOptions>
{
    /// <inheritdoc/>
    public void Configure(HostedBusOptions options) => Configure(Microsoft.Extensions.Options.Options.DefaultName, options);

    /// <inheritdoc/>
    public void Configure(string? name, HostedBusOptions options)
    {
        if (name != key)
        {
            return;
        }

        foreach (IConfigurationSection entry in section.GetChildren())
        {
            Read(entry, options);
        }
    }

    private static void Read(IConfigurationSection entry, HostedBusOptions options)
    {
        switch (entry.Key.ToUpperInvariant())
        {
            case "DEVICE": options.Device = Number(entry); break;
            case "RUNTIMEDIRECTORY": options.RuntimeDirectory = string.IsNullOrEmpty(entry.Value) ? null : entry.Value; break;
            case "STARTDAEMON": options.StartDaemon = Truth(entry); break;
            case "OPENTIMEOUT": options.OpenTimeout = Time(entry); break;
            case "MAXMESSAGES": options.MaxMessages = string.IsNullOrEmpty(entry.Value) ? null : Number(entry); break;
            case "STOPTIMEOUT": options.StopTimeout = Time(entry); break;
            case "ASKTIMEOUT": options.AskTimeout = Time(entry); break;
            case "LONGESTPAUSE": options.LongestPause = Time(entry); break;
            case "TELLEXCEPTIONS": options.TellExceptions = Truth(entry); break;
            default:
                throw new OptionsValidationException(
                    entry.Path, typeof(HostedBusOptions), [$"{entry.Path}: KBUS has no such option. It has those of {nameof(HostedBusOptions)}."]);
        }
    }

    private static uint Number(IConfigurationSection entry) =>
        uint.TryParse(entry.Value, NumberStyles.None, CultureInfo.InvariantCulture, out uint number) ? number : throw Fault(entry, "a number");

    private static bool Truth(IConfigurationSection entry) => bool.TryParse(entry.Value, out bool truth) ? truth : throw Fault(entry, "true or false");

    private static TimeSpan Time(IConfigurationSection entry) =>
        TimeSpan.TryParse(entry.Value, CultureInfo.InvariantCulture, out TimeSpan time) ? time : throw Fault(entry, "a time such as 00:00:10");

    private static OptionsValidationException Fault(IConfigurationSection entry, string wanted) =>
        new(entry.Path, typeof(HostedBusOptions), [$"{entry.Path}: '{entry.Value}' is not {wanted}."]);
}
