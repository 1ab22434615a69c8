using System.Globalization;

namespace Kbus.Cli;

/// <summary>Which Ksocks a status is to show.</summary>
/// <param name="Name">A name that they are bound to, or that a wildcard of theirs takes; null for any.</param>
/// <param name="Program">A part of the name of their program; null for any.</param>
/// <param name="User">Their user's name or number; null for any.</param>
internal sealed record KsockFilter(string? Name, string? Program, string? User)
{
    /// <summary>Whether it shows all Ksocks.</summary>
    public bool ShowsAll => Name is null && Program is null && User is null;

    /// <summary>Whether it shows this one.</summary>
    public bool Shows(KsockStatus ksock) =>
        (Name is null || ksock.Bindings.Any(b => Takes(b.Name, Name)))
        && (Program is null || ksock.Program.Contains(Program, StringComparison.Ordinal))
        && (User is null || User == UserNames.Of(ksock.UserId) || User == ksock.UserId.ToString(CultureInfo.InvariantCulture));

    /// <summary>Whether it shows the traffic of this name: those that a Ksock with the wanted binding takes. What programs and users send stands with Ksocks.</summary>
    public bool Shows(NameStatus name) => Program is null && User is null && (Name is null || Takes(Name, name.Name));

    /// <summary>Whether a binding is to a name, or its wildcard takes messages of that name. Spec section 2.3.</summary>
    internal static bool Takes(string binding, string name)
    {
        if (binding == name)
        {
            return true;
        }

        if (binding.Length == 0)
        {
            return false;
        }

        string stem = binding[..^1];
        bool isBelow = name.Length > stem.Length && name.StartsWith(stem, StringComparison.Ordinal) && !IsWildcard(name);
        return isBelow && (binding.EndsWith(".*", StringComparison.Ordinal)
            || (binding.EndsWith(".%", StringComparison.Ordinal) && !name.AsSpan(stem.Length).Contains('.')));
    }

    private static bool IsWildcard(string name) => name.EndsWith(".*", StringComparison.Ordinal) || name.EndsWith(".%", StringComparison.Ordinal);
}
