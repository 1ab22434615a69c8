namespace Kbus.Cli;

/// <summary>An option as it was given.</summary>
/// <param name="Option">The option.</param>
/// <param name="Value">Its value; empty if it takes none.</param>
/// <param name="Word">The word of the command line that it was given by, such as <c>-m</c> or <c>--bus=1</c>.</param>
internal sealed record GivenOption(Option Option, string Value, string Word)
{
    /// <summary>Whether it was written with one dash, as the original's commands have it.</summary>
    public bool HasOneDash => !Word.StartsWith("--", StringComparison.Ordinal);
}
