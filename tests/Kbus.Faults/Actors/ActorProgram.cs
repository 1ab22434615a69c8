using System.Globalization;

namespace Kbus.Faults;

/// <summary>The processes that the tests start: <c>actor ROLE DIRECTORY ARGUMENTS</c>. Each says <c>ready</c> when it plays.</summary>
internal static class ActorProgram
{
    private static volatile bool _shouldStop;

    /// <summary>True once the test has said <c>stop</c>.</summary>
    public static bool ShouldStop => _shouldStop;

    public static int Run(string[] role)
    {
        string directory = role[1];
        string[] arguments = role[2..];
        var listening = new Thread(Listen) { IsBackground = true };
        listening.Start();
        switch (role[0])
        {
            case "replier":
                ReplierActor.Run(directory, arguments[0], Number(arguments[1]));
                return 0;
            case "announcer":
                AnnouncerActor.Run(directory, arguments[0], Number(arguments[1]), Number(arguments[2]));
                return 0;
            case "listener":
                ListenerActor.Run(directory, arguments[0]);
                return 0;
            case "requester":
                RequesterActor.Run(directory, arguments[0], Number(arguments[1]), Number(arguments[2]));
                return 0;
            case "crowd":
                CrowdActor.Run(directory, Number(arguments[0]));
                return 0;
            case "parent":
                ParentActor.Run(directory, arguments[0]);
                return 0;
            case "stranger":
                StrangerActor.Run(directory, arguments[0]);
                return 0;
            case "waiter":
                WaiterActor.Run(directory);
                return 0;
            case "threadless":
                ThreadlessActor.Run(directory);
                return 0;
            case "bound":
                BoundActor.Run(directory, arguments[0]);
                return 0;
            case "last-words":
                LastWordsActor.Run(directory, arguments[0]);
                return 0;
            case "limpet":
                LimpetActor.Run(
                    directory,
                    arguments[0],
                    arguments[1],
                    (uint)Number(arguments[2]),
                    arguments.Length > 3 ? TimeSpan.FromSeconds(Number(arguments[3])) : null);
                return 0;
            case "hub":
                HubActor.Run(directory, arguments);
                return 0;
            default:
                return 2;
        }
    }

    public static Ksock Open(string directory, KsockMode mode = KsockMode.ReadWrite) => Ksock.Open(0, mode, Options(directory));

    public static KsockOptions Options(string directory) =>
        new() { RuntimeDirectory = directory, StartDaemon = false, OpenTimeout = TimeSpan.FromSeconds(180) };

    public static void Say(string line)
    {
        Console.WriteLine(line);
        Console.Out.Flush();
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    private static void Listen()
    {
        while (Console.In.ReadLine() is { } line)
        {
            _shouldStop |= line == "stop";
        }

        // The test has gone, so nobody needs this process any more.
        Environment.Exit(0);
    }
}
