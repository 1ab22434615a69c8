namespace Kbus.Daemon.Tests;

/// <summary>The command line and the configuration file.</summary>
public sealed class OptionTests
{
    [Fact]
    public void Without_options_everything_has_its_default() => Assert.Equal(new DaemonOptions(), Parse());

    [Fact]
    public void Every_option_is_understood_on_the_command_line_and_in_the_configuration_file()
    {
        DaemonOptions expected = new()
        {
            RuntimeDirectory = "/some/where",
            User = "somebody",
            Buses = 7,
            MaxKsocks = 21,
            SocketMode = 0x1B0,
            ExitWhenIdle = TimeSpan.FromSeconds(9),
            Detached = true,
            Policy = "/some/policy",
            Bus = new()
            {
                DefaultMaxMessages = 11,
                DefaultMaxMessageSize = 1200,
                AbsoluteMaxMessageSize = 13_000,
                MaxSetAsideEvents = 14,
                MaxQueuedBytes = 15,
                MaxBindings = 16,
                MaxNameBytes = 17,
                MaxRequests = 18,
                MaxMessageBytes = 19,
                MaxRepeats = 20,
            },
            Devices = "/some/dev",
            DeviceLinks = true,
            DeviceLinkDirectory = "/some/links",
            DeviceOwner = "somebody",
            DeviceGroup = "16",
            DeviceMode = 0x1A4,
        };
        Assert.Equal(expected, Parse(
            "--runtime-dir", "/some/where", "--buses=7", "--socket-mode", "660", "--exit-when-idle", "9", "--default-max-messages", "11", "--detached",
            "--default-max-message-size", "1200", "--absolute-max-message-size", "13000", "--max-set-aside-events", "14", "--max-queued-bytes", "15",
            "--devices", "/some/dev", "--device-links", "--device-link-dir", "/some/links", "--device-owner", "somebody", "--device-group", "16",
            "--device-mode", "644", "--max-bindings", "16", "--max-name-bytes", "17", "--max-requests", "18", "--max-message-bytes", "19", "--max-repeats", "20", "--max-ksocks", "21",
            "--policy", "/some/policy", "--user", "somebody"));
        Assert.Equal(expected, ParseFile("""
            {
              // Comments are allowed, and a comma at the end.
              "runtime-dir": "/some/where", "buses": 7, "socket-mode": "660", "exit-when-idle": 9, "default-max-messages": 11, "detached": true,
              "default-max-message-size": 1200, "absolute-max-message-size": 13000, "max-set-aside-events": 14, "max-queued-bytes": 15,
              "devices": "/some/dev", "device-links": true, "device-link-dir": "/some/links", "device-owner": "somebody", "device-group": 16,
              "device-mode": "644", "max-bindings": 16, "max-name-bytes": 17, "max-requests": 18, "max-message-bytes": 19, "max-repeats": 20, "max-ksocks": 21,
              "policy": "/some/policy", "user": "somebody",
            }
            """));
    }

    [Fact]
    public void Device_files_have_a_place_of_their_own_if_none_is_named()
    {
        Assert.Equal(string.Empty, Parse("--devices").Devices);
        Assert.Equal(string.Empty, Parse("--devices", "--buses", "2").Devices);
        Assert.Equal("/here", Parse("--devices=/here", "--device-links").Devices);
        Assert.Equal(string.Empty, ParseFile("""{ "devices": true }""").Devices);
        Assert.Null(ParseFile("""{ "devices": true }""", "--devices=false").Devices);
        Assert.False(Parse("--devices", "--device-links=false").DeviceLinks);
    }

    [Fact]
    public void The_command_line_wins_over_the_configuration_file() =>
        Assert.Equal(3, ParseFile("""{ "buses": 4 }""", "--buses", "3").Buses);

    [Fact]
    public void A_lower_absolute_maximum_takes_the_default_one_down_with_it() =>
        Assert.Equal(5000u, Parse("--absolute-max-message-size", "5000").Bus.DefaultMaxMessageSize);

    [Theory]
    [InlineData("'serve' is not an option. See kbusd --help.", "serve")]
    [InlineData("--colour is not an option. See kbusd --help.", "--colour", "red")]
    [InlineData("--foo is not an option. See kbusd --help.", "--foo")]
    [InlineData("--foo is not an option. See kbusd --help.", "--foo=1")]
    [InlineData("--bus is not an option. Did you mean --buses? See kbusd --help.", "--bus", "1")]
    [InlineData("--runtimedir is not an option. Did you mean --runtime-dir? See kbusd --help.", "--runtimedir")]
    [InlineData("--exit is not an option. Did you mean --exit-when-idle? See kbusd --help.", "--exit")]
    [InlineData("'-buses' is not an option. Did you mean --buses? See kbusd --help.", "-buses", "1")]
    [InlineData("'-help' is not an option. Did you mean --help? See kbusd --help.", "-help")]
    [InlineData("--hepl is not an option. Did you mean --help? See kbusd --help.", "--hepl")]
    [InlineData("--help stands alone: give no other option with it.", "--buses", "1", "--help")]
    [InlineData(@"'\x9b2J' is not an option. See kbusd --help.", "\u009b2J")]
    [InlineData("--runtime-dir: its value has bytes that are not UTF-8. Such a name cannot be used here.", "--runtime-dir", "/tmp/\ufffd")]
    [InlineData("--config: its value is empty.", "--config", "")]
    [InlineData("--runtime-dir: its value is empty.", "--runtime-dir=")]
    [InlineData("--device-link-dir: its value is empty.", "--device-link-dir", "")]
    [InlineData("--socket-mode: its value is empty.", "--socket-mode", "")]
    [InlineData("--policy: its value is empty.", "--policy", "")]
    [InlineData("--user: its value is empty.", "--user", "")]
    [InlineData("--buses needs a value. See kbusd --help.", "--buses")]
    [InlineData("--buses needs a value. See kbusd --help.", "--buses", "--config", "/file")]
    [InlineData("--runtime-dir needs a value. See kbusd --help.", "--runtime-dir", "--buses=1")]
    [InlineData("--buses: 'many' is not a whole number from 0 to 4294967295.", "--buses", "many")]
    [InlineData("--exit-when-idle: '-1' is not a whole number from 0 to 4294967295.", "--exit-when-idle", "-1")]
    [InlineData("--socket-mode: '888' is not a file mode such as 660.", "--socket-mode", "888")]
    [InlineData("--socket-mode: '7777' is not a file mode such as 660.", "--socket-mode", "7777")]
    [InlineData("There can be 1 to 256 buses.", "--buses", "0")]
    [InlineData("There can be 1 to 256 buses.", "--buses", "257")]
    [InlineData("The default queue length must be at least 1 message.", "--default-max-messages", "0")]
    [InlineData("The absolute maximum message size must be 100 to 67108864 bytes.", "--absolute-max-message-size", "67108865")]
    [InlineData("The absolute maximum message size must be 100 to 67108864 bytes.", "--absolute-max-message-size", "99")]
    [InlineData("The default maximum message size must be 100 to 67108864 bytes (the absolute maximum).", "--default-max-message-size", "99")]
    [InlineData("There are no device files without --devices.", "--device-links")]
    [InlineData("--device-links: 'maybe' is neither true nor false.", "--devices", "--device-links=maybe")]
    [InlineData("--device-mode: '999' is not a file mode such as 660.", "--devices", "--device-mode", "999")]
    [InlineData("There must be room for at least 4 Ksocks.", "--max-ksocks", "3")]
    [InlineData("The limits for bindings, repeated bindings, bytes of names, Requests and bytes of messages must be at least 1.", "--max-repeats", "0")]
    [InlineData("The byte budget of a queue must be at least 1 byte.", "--max-queued-bytes", "0")]
    public void An_option_that_makes_no_sense_is_refused_with_a_sentence(string sentence, params string[] args) =>
        Assert.Equal(sentence, Assert.Throws<KbusdException>(() => Parse(args)).Message);

    [Theory]
    [InlineData("[]", "/file: it should be one JSON object, such as { \"buses\": 4 }.")]
    [InlineData("{ \"buses\": [4] }", "/file: buses should be a number, a text, true or false.")]
    [InlineData("{ \"buses\": \"many\" }", "/file: buses: 'many' is not a whole number from 0 to 4294967295.")]
    [InlineData("{ \"colour\": 4 }", "/file: colour is not an option. See kbusd --help.")]
    [InlineData("{ \"runtime_dir\": 4 }", "/file: runtime_dir is not an option. Did you mean --runtime-dir? See kbusd --help.")]
    [InlineData("{ \"policy\": \"\\u0000\" }", "/file: policy: its value has a NUL in it. No name can have one.")]
    [InlineData("{ \"policy\": \"\ufffd\" }", "/file: policy: its value has bytes that are not UTF-8. Such a name cannot be used here.")]
    [InlineData("{ \"policy\": \"\\ud800\" }", "/file: a text in it has an escape that is no character.")]
    [InlineData("{ \"\\ud800\": 1 }", "/file: a text in it has an escape that is no character.")]
    [InlineData("{ \"device-owner\": \"\" }", "/file: device-owner: its value is empty.")]
    public void A_configuration_file_that_makes_no_sense_is_refused_with_a_sentence(string text, string sentence) =>
        Assert.Equal(sentence, Assert.Throws<KbusdException>(() => ParseFile(text)).Message);

    [Fact]
    public void The_help_names_every_option_that_there_is_and_fits_a_terminal()
    {
        Assert.Empty(CommandLine.Options.Where(o => !CommandLine.Help.Contains(o, StringComparison.Ordinal)));
        Assert.Empty(CommandLine.Help.Split('\n').Where(l => l.Length > 80));
    }

    [Fact]
    public void A_configuration_file_that_is_not_JSON_is_refused_with_the_line() =>
        Assert.StartsWith("/file, line 2, byte 2: it is not JSON there", Assert.Throws<KbusdException>(() => ParseFile("{\n buses")).Message, StringComparison.Ordinal);

    [Fact]
    public void A_configuration_file_that_cannot_be_read_is_named()
    {
        KbusdException refusal = Assert.Throws<KbusdException>(() => CommandLine.Parse(["--config", "/file"], _ => throw new FileNotFoundException()));
        Assert.Equal("/file: it cannot be read: ENOENT (No such file or directory).", refusal.Message);
    }

    private static DaemonOptions Parse(params string[] args) => CommandLine.Parse(args, _ => throw new InvalidOperationException("no file was named"));

    private static DaemonOptions ParseFile(string text, params string[] args) => CommandLine.Parse(["--config", "/file", .. args], path =>
    {
        Assert.Equal("/file", path);
        return text;
    });
}
