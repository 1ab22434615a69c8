using System.Runtime.InteropServices;
using Kbus.Bench.Peers;

namespace Kbus.Bench.Hostile;

/// <summary><c>./bench hostile</c>: attacks on a kbusd of its own, and what an honest pair suffers by them.</summary>
internal static class HostileCommand
{
    /// <summary>The command line's name for it.</summary>
    public const string Name = "hostile";

    /// <summary>Runs it.</summary>
    /// <returns>The exit code: 0; 1 if kbusd died or a call never came back; 2 if the command line cannot be understood; 130 if it was interrupted.</returns>
    public static int Run(string[] arguments)
    {
        if (arguments is ["-h"] or ["--help"])
        {
            Console.WriteLine(HostileOptions.Usage);
            AllAttacks.List.ToList().ForEach(a => Console.WriteLine($"  {a.Name,-14} {a.Title}{(a.Size > 0 ? $" ({a.Size})" : "")}"));
            return 0;
        }

        HostileOptions options;
        try
        {
            options = HostileOptions.Parse(arguments);
        }
        catch (HostileException e)
        {
            Console.Error.WriteLine(e.Message);
            return 2;
        }

        using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using PosixSignalRegistration term = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        bool isWell = true;
        foreach (Attack attack in AllAttacks.List.Where(a => options.Names.Count == 0 || options.Names.Contains(a.Name)))
        {
            foreach (bool asOtherUser in options.AsOtherUser)
            {
                isWell &= Make(attack, options, asOtherUser);
            }
        }

        return isWell ? 0 : 1;
    }

    /// <summary>Plays a part in it, in a process of its own.</summary>
    public static int Play(string[] arguments) => arguments[0] switch
    {
        "attack" => Attacker.Play(arguments[1..]),
        "answer" => HonestPair.Answer(arguments[1]),
        _ => HonestPair.Question(arguments[1]),
    };

    private static bool Make(Attack attack, HostileOptions options, bool asOtherUser)
    {
        try
        {
            HostileResult result = new HostileRun(attack, options, asOtherUser).Make();
            Console.WriteLine(options.Json ? result.ToJson() : result.ToText());
            return result.IsWell;
        }
        catch (Exception e) when (e is HostileException or PeerException)
        {
            Console.Error.WriteLine($"{attack.Name}: {e.Message}");
            return false;
        }
    }

    private static void Stop(PosixSignalContext context)
    {
        context.Cancel = true;
        Scene.EndAll();
        Environment.Exit(130);
    }
}
