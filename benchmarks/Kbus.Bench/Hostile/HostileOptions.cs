using System.Globalization;

namespace Kbus.Bench.Hostile;

/// <summary>What the command line of <c>./bench hostile</c> says.</summary>
internal sealed record HostileOptions
{
    /// <summary>What <c>--help</c> prints, before the list of attacks.</summary>
    public const string Usage = """
        Attacks a kbusd of its own beside an honest pair, and shows what the honest pair suffers.

        usage: ./bench hostile [NAME ...] [--seconds N] [--size N] [--users one|two|both] [--json]

          NAME            only these attacks; with no NAME all are made
          --seconds N     how long an attacker goes on (default 5)
          --size N        how much of it an attack makes, where it is an amount (bindings, Ksocks ...)
          --users WHICH   attacker and honest pair of one user, of two (needs root: the attacker becomes nobody), or both; the default is
                          both for root, and else one
          --json          one line of JSON for each attack on standard output, nothing else there

        For each attack it prints the longest wait, the median and the count of the honest pair's Requests, sends and deliveries; the resident memory of
        kbusd before, at most during, and 5 seconds after the attacker has gone; whether kbusd lives; and how long opening a further Ksock and asking the status
        took at most, and how often that failed. Waits during the attack and for 5 seconds after it count. Exit code 1: kbusd died, or a call never came back.

        attacks:
        """;

    /// <summary>Only these attacks; empty for all.</summary>
    public IReadOnlyList<string> Names { get; init; } = [];

    /// <summary>How long an attacker goes on.</summary>
    public int Seconds { get; init; } = 5;

    /// <summary>How much an attack makes; null for what is usual with it.</summary>
    public long? Size { get; init; }

    /// <summary>JSON on standard output.</summary>
    public bool Json { get; init; }

    /// <summary>Whether the attacker is another user, for each time that an attack is made.</summary>
    public IReadOnlyList<bool> AsOtherUser { get; init; } = Environment.IsPrivilegedProcess ? [false, true] : [false];

    /// <summary>Reads the command line.</summary>
    /// <exception cref="HostileException">It says something that cannot be.</exception>
    public static HostileOptions Parse(IReadOnlyList<string> arguments)
    {
        var options = new HostileOptions();
        for (int i = 0; i < arguments.Count; i++)
        {
            string? next = i + 1 < arguments.Count ? arguments[i + 1] : null;
            switch (arguments[i])
            {
                case "--json":
                    options = options with { Json = true };
                    break;
                case "--seconds":
                    options = options with { Seconds = (int)Number("--seconds", next, 3600) };
                    i++;
                    break;
                case "--size":
                    options = options with { Size = Number("--size", next, 1_000_000_000) };
                    i++;
                    break;
                case "--users":
                    options = options with { AsOtherUser = Users(next) };
                    i++;
                    break;
                case var name when AllAttacks.List.Any(a => a.Name == name):
                    options = options with { Names = [.. options.Names, name] };
                    break;
                default:
                    throw new HostileException($"There is no attack '{arguments[i]}'; ./bench hostile --help lists them.");
            }
        }

        return options;
    }

    private static long Number(string option, string? text, long most) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long number) && number >= 1 && number <= most
            ? number
            : throw new HostileException($"{option} takes a number from 1 to {most}, not '{text}'.");

    private static IReadOnlyList<bool> Users(string? text)
    {
        IReadOnlyList<bool> users = text switch
        {
            "one" => [false],
            "two" => [true],
            "both" => [false, true],
            _ => throw new HostileException($"--users takes one, two or both, not '{text}'."),
        };
        return users.Contains(true) && !Environment.IsPrivilegedProcess
            ? throw new HostileException("--users two and both need root: the attacker becomes another user.")
            : users;
    }
}
