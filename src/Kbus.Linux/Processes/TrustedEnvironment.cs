namespace Kbus.Linux;

/// <summary>The environment, for what decides where a bus is and which program carries it.</summary>
/// <remarks>
/// A program that has more rights than the user who started it (set-user-ID, set-group-ID, file capabilities) must not be led by that user's
/// variables to a bus or a daemon of his. In such a process every variable counts as not set. The kernel says which processes these are
/// (AT_SECURE). Every variable that the library heeds is asked for here.
/// </remarks>
internal static class TrustedEnvironment
{
    private const nuint AtSecure = 23;

    /// <summary>False in a process whose rights are not those of the user who started it.</summary>
    public static bool IsTrusted { get; } = LibC.AuxiliaryValue(AtSecure) == 0;

    /// <summary>The value of a variable; null if it is not set, is empty, or cannot be trusted.</summary>
    public static string? Variable(string name) => IsTrusted && Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
