namespace Kbus.Cli;

/// <summary>Other names for the messages of a recording (<c>--map OLD=NEW</c>). The first that fits counts.</summary>
internal sealed class NameMap
{
    private const string Below = ".*";

    private readonly List<(string Old, string New)> _pairs = [];

    /// <summary>Reads the options.</summary>
    /// <exception cref="CommandException">They make no sense.</exception>
    public NameMap(ParsedArguments arguments)
    {
        foreach (string text in arguments.Texts(Options.Map))
        {
            string[] sides = text.Split('=');
            bool isPair = sides.Length == 2 && sides.All(s => s.StartsWith("$.", StringComparison.Ordinal) && s.Length > 2)
                && IsBelow(sides[0]) == IsBelow(sides[1]) && sides.All(s => !s.EndsWith('%'));
            if (!isPair)
            {
                throw CommandException.Usage(
                    $"{Options.Map}: '{text}' is not as '$.Old=$.New' or '$.Old.*=$.New.*'.", arguments.Verb!.Name);
            }

            _pairs.Add((sides[0], sides[1]));
        }
    }

    /// <summary>The name under which a message is sent now.</summary>
    public string this[string name]
    {
        get
        {
            foreach ((string old, string given) in _pairs)
            {
                if (IsBelow(old) && name.StartsWith(old[..^1], StringComparison.Ordinal))
                {
                    return given[..^1] + name[(old.Length - 1)..];
                }

                if (name == old)
                {
                    return given;
                }
            }

            return name;
        }
    }

    private static bool IsBelow(string name) => name.EndsWith(Below, StringComparison.Ordinal);
}
