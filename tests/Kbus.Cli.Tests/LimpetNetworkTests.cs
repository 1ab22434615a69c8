using System.Text.RegularExpressions;
using Kbus.Core;
using Kbus.Faults;

namespace Kbus.Cli.Tests;

/// <summary>docs/limpets.md, typed word by word on two machines, which are network namespaces.</summary>
[Trait("Length", "long")]
public sealed partial class LimpetNetworkTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);
    private static readonly string Document = Checkout.Text("docs/limpets.md");
    private readonly TwoHosts? _hosts = TwoHosts.TryMake();
    private readonly List<Machine> _machines = [];

    public void Dispose()
    {
        _machines.ForEach(m => m.Dispose());
        _hosts?.Dispose();
    }

    [Fact]
    public Task Two_machines_are_joined_and_each_end_heals() => Limited.Run(Limit, () =>
    {
        Assert.SkipWhen(_hosts is null, "THIS USER MAY MAKE NO NETWORK NAMESPACES: the document is not tried on two machines.");
        (Machine robot, Machine other) = (OnFirst(), OnSecond());
        string[] key = Lines("Two machines in ten minutes", "sh");
        string[] joining = Lines("Two machines in ten minutes", "text");
        (string robotPin, string otherPin) = (robot.Make(Assert.Single(key)), other.Make(Assert.Single(key)));
        string serving = joining[0].Replace("PIN-OF-THE-CLIENT", otherPin, StringComparison.Ordinal);
        string connecting = joining[1].Replace("PIN-OF-THE-SERVER", robotPin, StringComparison.Ordinal).Replace("robot:", $"{TwoHosts.FirstAddress}:", StringComparison.Ordinal);
        LimpetRun server = robot.Type(serving);
        server.Await("Listening for a connection at 0.0.0.0:4321");
        LimpetRun client = other.Type(connecting);
        client.Await("Connected");
        server.Await("Connected");
        using (Program listener = robot.Bus.StartBound("listen", "$.Gulp", "-n", "1"))
        {
            other.Bus.Run("send", "$.Gulp", "Bubble");
            Assert.Matches("^<Announcement '\\$.Gulp', id=\\[1:\\d+\\], from=1, orig_from=\\(1,\\d+\\), data='Bubble'>$", Assert.Single(listener.End().Lines));
        }

        using Program replier = robot.Bus.StartBound("reply", "$.Where", "on the robot");
        Answers(other, "$.Where", "on the robot");
        Assert.Equal(new Ended(0, "ok: 1 link, all up\n", ""), other.Bus.Run("limpet", "--health"));

        server.Program.Signal("KILL");
        client.Await("The Limpet at the other end of the connection has closed.");
        other.Awaits("$.Where", isThere: false);
        server = robot.Type(serving);
        client.Await("Connected");
        Answers(other, "$.Where", "on the robot");

        client.Program.Signal("KILL");
        server.Await("The Limpet at the other end of the connection has closed.");
        other.Type(connecting).Await("Connected");
        Answers(other, "$.Where", "on the robot");
    });

    [Fact]
    public Task A_star_from_one_file_and_a_second_way_that_takes_over() => Limited.Run(Limit, () =>
    {
        Assert.SkipWhen(_hosts is null, "THIS USER MAY MAKE NO NETWORK NAMESPACES: the document is not tried on two machines.");
        (Machine hub, Machine robot, Machine office) = (OnFirst(), OnSecond(), OnSecond());
        string key = Assert.Single(Lines("Two machines in ten minutes", "sh"));
        string hubPin = hub.Make(key.Replace("limpet.pem", "hub.pem", StringComparison.Ordinal));
        (string robotPin, string officePin) = (robot.Make(key), office.Make(key));
        string file = string.Join('\n', Lines("A star", "json"))
            .Replace("PIN-OF-ROBOT-7", robotPin, StringComparison.Ordinal).Replace("PIN-OF-THE-OFFICE", officePin, StringComparison.Ordinal);
        string[] lines = [.. Lines("A star", "text").Select(l => l
            .Replace("/etc/kbus/", "", StringComparison.Ordinal)
            .Replace("PIN-OF-THE-HUB", hubPin, StringComparison.Ordinal)
            .Replace("hub:", $"{TwoHosts.FirstAddress}:", StringComparison.Ordinal))];
        File.WriteAllText(Path.Join(hub.Bus.Directory, "limpet-hub.json"), file);
        Assert.Equal("limpet-hub.json: 2 peers, and nothing is wrong with the file.", hub.Type(lines[0]).Await("peers"));
        LimpetRun serving = hub.Type(lines[1]);
        serving.Await("Listening for connections at 0.0.0.0:4321");
        robot.Type(lines[2]).Await("Connected");
        LimpetRun officeLink = office.Type(lines[2].Replace("--id 7", "--id 20", StringComparison.Ordinal));
        officeLink.Await("Connected");
        using Program there = office.Bus.StartBound("reply", "$.Robot.Home", "at the office");
        Answers(robot, "$.Robot.Home", "at the office");
        Everywhere(robot, hub, office);
        Everywhere(office, hub, robot);

        // A second way, as the document says it under "Rings".
        file = file.Replace("\"id\": 7,", "\"id\": 7, \"networks\": \"17-18\",", StringComparison.Ordinal).Replace("\"21-29\"", "\"17-18,21-29\"", StringComparison.Ordinal);
        Assert.Equal(3, Regex.Count(file, "17-18|21-29"));
        File.WriteAllText(Path.Join(hub.Bus.Directory, "limpet-hub.json"), file);
        serving.Program.Signal("HUP");
        serving.Await("limpet-hub.json was read again: 2 peers.");
        officeLink.Await("Connected");
        robot.Type($"kbus limpet --server {TwoHosts.SecondAddress}:4322 --id 17 --silence 4 --tls-cert limpet.pem --tls-pin {officePin}").Await("Listening");
        LimpetRun second = office.Type($"kbus limpet --client {TwoHosts.SecondAddress}:4322 --id 18 --silence 4 --tls-cert limpet.pem --tls-pin {robotPin}");
        second.Await("Connected");
        office.SpeakUntil(() => second.Await("is on standby: it is made again when the other way fails"));
        Everywhere(robot, hub, office);
        Everywhere(office, hub, robot);

        officeLink.Program.Signal("KILL");
        second.Await("by another way any more. The link is made again.");
        second.Await("Connected");
        using Program atHub = hub.Bus.StartBound("reply", "$.Robot.Hub", "at the hub");
        Answers(office, "$.Robot.Hub", "at the hub");
        Everywhere(office, hub, robot);
        Everywhere(robot, hub, office);
        Assert.Equal(new Ended(0, "ok: 1 link, all up\n", ""), hub.Bus.Run("limpet", "--health", "robot-7"));
    });

    /// <summary>What stands in the blocks of a language under a heading that begins so, line by line.</summary>
    private static string[] Lines(string heading, string language)
    {
        string section = Document.Split("\n## ").Single(s => s.StartsWith(heading, StringComparison.Ordinal));
        return [.. Block().Matches(section).Where(b => b.Groups["language"].Value == language).SelectMany(b => b.Groups["text"].Value.Trim().Split('\n'))];
    }

    private static void Answers(Machine asking, string name, string answer)
    {
        asking.Awaits(name, isThere: true);
        Ended ended = asking.Bus.Run("call", name, "hello?");
        Assert.Equal(0, ended.Code);
        Assert.EndsWith($"data='{answer}'>", Assert.Single(ended.Lines), StringComparison.Ordinal);
    }

    /// <summary>What is said on one machine is heard once on each other one.</summary>
    private static void Everywhere(Machine speaking, params Machine[] hearing)
    {
        string name = $"$.Robot.N{Guid.NewGuid():N}";
        Ksock[] ears = [.. hearing.Select(m => m.Listener(name))];
        speaking.Bus.Run("send", name, "once");
        speaking.Bus.Run("send", name, "and then");
        foreach (Ksock ear in ears)
        {
            Assert.Equal("once", ear.WaitForMessage(Limit)?.DataAsText);
            Assert.Equal("and then", ear.WaitForMessage(Limit)?.DataAsText);
            Assert.Equal(0u, ear.NumMessages);
        }
    }

    private Machine OnFirst() => Add(new Machine(_hosts!.OnFirst));

    private Machine OnSecond() => Add(new Machine(_hosts!.OnSecond));

    private Machine Add(Machine machine)
    {
        _machines.Add(machine);
        return machine;
    }

    [GeneratedRegex("^```(?<language>[a-z]*)\n(?<text>.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Block();

    /// <summary>A machine with its own bus, and a shell in the bus's directory.</summary>
    private sealed class Machine : IDisposable
    {
        private readonly IReadOnlyList<string> _through;
        private readonly List<IDisposable> _begun = [];

        public Machine(IReadOnlyList<string> through)
        {
            _through = through;
            File.CreateSymbolicLink(Path.Join(Bus.Directory, "kbus"), Program.Kbus);
        }

        public PrivateBus Bus { get; } = new();

        /// <summary>Types a line that makes a key. Its pin.</summary>
        public string Make(string line)
        {
            Ended made = Started(line).Program.End();
            Assert.Equal((0, ""), (made.Code, made.Errors));
            string pin = Assert.Single(made.Lines);
            Assert.Matches("^[0-9a-f]{64}$", pin);
            return pin;
        }

        /// <summary>Types a line.</summary>
        public LimpetRun Type(string line) => Started(line);

        public Ksock Listener(string name)
        {
            Ksock ksock = Begun(Bus.Open());
            ksock.Bind(name);
            return ksock;
        }

        public void Awaits(string replier, bool isThere)
        {
            using Ksock ksock = Bus.Open();
            Assert.True(SpinWait.SpinUntil(() => ksock.FindReplierFor(replier) is not null == isThere, Limit), $"{replier} is {(isThere ? "not " : "")}known here");
        }

        /// <summary>Sends announcements until something has happened that they are needed for.</summary>
        public void SpeakUntil(Action happened)
        {
            using Ksock speaker = Bus.Open();
            Task until = Task.Factory.StartNew(happened, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            while (!until.Wait(TimeSpan.FromMilliseconds(5), CancellationToken.None))
            {
                speaker.Send(new Announcement("$.Robot.Round"));
            }
        }

        public void Dispose()
        {
            _begun.ForEach(b => b.Dispose());
            Bus.Dispose();
        }

        private LimpetRun Started(string line)
        {
            Dictionary<string, string?> environment = new(Bus.Environment) { ["PATH"] = $"{Bus.Directory}:{Environment.GetEnvironmentVariable("PATH")}" };
            return Begun(new LimpetRun(Program.Start(_through[0], environment, [.. _through.Skip(1), "bash", "-c", $"cd '{Bus.Directory}' && exec {line}"])));
        }

        private T Begun<T>(T begun)
            where T : IDisposable
        {
            _begun.Add(begun);
            return begun;
        }
    }
}
