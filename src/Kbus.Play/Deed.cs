namespace Kbus.Play;

/// <summary>One command to an actor, as it is sent to the actor's process: a line of words separated by tabs.</summary>
/// <param name="kind">What.</param>
/// <param name="arguments">With what; no argument has a tab or an end of line in it.</param>
internal sealed class Deed(DeedKind kind, params string[] arguments)
{
    private const char Separator = '\t';

    /// <summary>What.</summary>
    public DeedKind Kind => kind;

    /// <summary>With what.</summary>
    public IReadOnlyList<string> Arguments => arguments;

    /// <summary>Reads a line.</summary>
    public static Deed Read(string line)
    {
        string[] words = line.Split(Separator);
        return new Deed(Enum.Parse<DeedKind>(words[0]), words[1..]);
    }

    /// <summary>The line.</summary>
    public override string ToString() => string.Join(Separator, arguments.Prepend(kind.ToString()));

    /// <summary>Writes a result, which may have several lines, as one.</summary>
    public static string OneLine(string result) => result.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);

    /// <summary>Reads a result.</summary>
    public static string Lines(string line)
    {
        string[] parts = line.Split("\\\\");
        return string.Join('\\', parts.Select(p => p.Replace("\\n", "\n", StringComparison.Ordinal)));
    }
}
