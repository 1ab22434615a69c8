namespace Kbus.Policy.Tests;

/// <summary>A machine with a few users and groups.</summary>
internal sealed class KnownAccounts : AccountNames
{
    public const uint Clock = 101, Alice = 102, Bob = 103, Staff = 201, Guests = 202;

    public override uint? User(string name) => name switch
    {
        "clock" => Clock,
        "alice" => Alice,
        "bob" => Bob,
        _ => null,
    };

    public override uint? Group(string name) => name switch
    {
        "staff" => Staff,
        "guests" => Guests,
        _ => null,
    };

    public static PolicyRules Parse(string text) => PolicyFile.Parse("p.json", System.Text.Encoding.UTF8.GetBytes(text), new KnownAccounts());

    /// <summary>A policy of these rules.</summary>
    public static PolicyRules Rules(params string[] rules) => Parse($"{{ \"rules\": [\n{string.Join(",\n", rules)}\n] }}");
}
