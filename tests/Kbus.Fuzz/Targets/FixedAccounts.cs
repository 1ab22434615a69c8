using Kbus.Policy;

namespace Kbus.Fuzz;

/// <summary>A machine with a few users and groups, the same wherever an input is played.</summary>
internal sealed class FixedAccounts : AccountNames
{
    /// <inheritdoc/>
    public override uint? User(string name) => Number(name);

    /// <inheritdoc/>
    public override uint? Group(string name) => Number(name);

    private static uint? Number(string name) => name switch
    {
        "root" => 0,
        "clock" => 101,
        "a" => 102,
        _ => null,
    };
}
