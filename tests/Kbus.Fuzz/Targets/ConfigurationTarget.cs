using System.Text;
using System.Text.Json;
using Kbus.Daemon;

namespace Kbus.Fuzz;

/// <summary>The configuration file of kbusd. One that is accepted, written out from what was understood and read again, is understood the same.</summary>
internal sealed class ConfigurationTarget : Target
{
    /// <inheritdoc/>
    public override string Name => "configuration";

    /// <inheritdoc/>
    public override string About => "the configuration file of kbusd";

    /// <inheritdoc/>
    public override IEnumerable<byte[]> Seeds =>
    [
        """{"buses":4,"socket-mode":"660","exit-when-idle":30,"runtime-dir":"/run/kbus","policy":"/etc/kbus/policy.json"}"""u8.ToArray(),
        """{"devices":true,"device-links":true,"device-link-dir":"/dev","device-owner":"root","device-group":"0","device-mode":"666"}"""u8.ToArray(),
        """{"max-bindings":9,"max-repeats":1,"max-name-bytes":99,"max-requests":3,"max-message-bytes":4000000000,"max-ksocks":8}"""u8.ToArray(),
        "// c\n{\"default-max-messages\":7,\"default-max-message-size\":200,\"absolute-max-message-size\":300,\"max-set-aside-events\":0,}"u8.ToArray(),
        "{\"max-queued-bytes\":1,\"detached\":false,\"devices\":\"\\u002fd\"}"u8.ToArray(),
    ];

    /// <inheritdoc/>
    public override void Play(ReadOnlySpan<byte> input)
    {
        // As File.ReadAllText does.
        using var reader = new StreamReader(new MemoryStream(input.ToArray()), Encoding.UTF8);
        string text = reader.ReadToEnd();
        if (Parse(text) is { } options)
        {
            CheckOptions(options);
            string written = Write(options);
            Expect(Parse(written) == options, $"what was understood is not understood again: {written}");
        }
    }

    /// <summary>Checks what must be so of all options that were accepted.</summary>
    internal static void CheckOptions(DaemonOptions options)
    {
        Expect(options.Check() is null, "options were accepted that make no sense");
        string?[] texts =
        [
            options.RuntimeDirectory, options.Policy, options.Devices, options.DeviceLinkDirectory, options.DeviceOwner, options.DeviceGroup,
            options.User,
        ];
        Expect(!texts.Any(t => t?.Contains('\0') == true), "a path or name with a NUL was accepted, which no file can have");
        Expect(!texts.Any(t => t?.Contains('\uFFFD') == true), "a path or name was accepted whose bytes are not known");
        Expect((options.SocketMode & ~0x1FF) == 0 && (options.DeviceMode & ~0x1FF) == 0, "a mode has more than the nine bits of permission");
    }

    /// <summary>The options as a configuration file.</summary>
    internal static string Write(DaemonOptions options)
    {
        var settings = new Dictionary<string, object>
        {
            ["buses"] = options.Buses,
            ["socket-mode"] = Convert.ToString(options.SocketMode, 8),
            ["device-mode"] = Convert.ToString(options.DeviceMode, 8),
            ["detached"] = options.Detached,
            ["device-links"] = options.DeviceLinks,
            ["device-link-dir"] = options.DeviceLinkDirectory,
            ["default-max-messages"] = options.Bus.DefaultMaxMessages,
            ["default-max-message-size"] = options.Bus.DefaultMaxMessageSize,
            ["absolute-max-message-size"] = options.Bus.AbsoluteMaxMessageSize,
            ["max-set-aside-events"] = options.Bus.MaxSetAsideEvents,
            ["max-queued-bytes"] = options.Bus.MaxQueuedBytes,
            ["max-bindings"] = options.Bus.MaxBindings,
            ["max-repeats"] = options.Bus.MaxRepeats,
            ["max-name-bytes"] = options.Bus.MaxNameBytes,
            ["max-requests"] = options.Bus.MaxRequests,
            ["max-message-bytes"] = options.Bus.MaxMessageBytes,
        };
        Add("runtime-dir", options.RuntimeDirectory);
        Add("policy", options.Policy);
        Add("user", options.User);
        Add("device-owner", options.DeviceOwner);
        Add("device-group", options.DeviceGroup);
        Add("exit-when-idle", options.ExitWhenIdle?.TotalSeconds);
        Add("max-ksocks", options.MaxKsocks);
        Add("devices", options.Devices switch { null => null, "" => true, var place => (object)place });
        return JsonSerializer.Serialize(settings);

        void Add(string name, object? value)
        {
            if (value is not null)
            {
                settings[name] = value;
            }
        }
    }

    private static DaemonOptions? Parse(string text)
    {
        try
        {
            return CommandLine.Parse(["--config", "c.json"], _ => text);
        }
        catch (KbusdException)
        {
            return null;
        }
    }
}
