using System.Globalization;

namespace Kbus.Bench.Peers;

/// <summary>The numbers in the last line of a client: <c>name=value</c>, separated by blanks.</summary>
internal sealed class Figures
{
    private readonly Dictionary<string, double> _values = new(StringComparer.Ordinal);

    /// <summary>A figure by its name.</summary>
    /// <exception cref="PeerException">It is not there.</exception>
    public double this[string name] => _values.TryGetValue(name, out double value) ? value : throw new PeerException($"A client gave no {name}.");

    /// <summary>Reads such a line.</summary>
    public static Figures Parse(string line)
    {
        var figures = new Figures();
        foreach (string pair in line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] parts = pair.Split('=', 2);
            if (parts.Length == 2 && double.TryParse(parts[1], NumberStyles.Float, CultureInfo.InvariantCulture, out double value))
            {
                figures._values[parts[0]] = value;
            }
        }

        return figures;
    }
}
