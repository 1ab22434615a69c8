using System.Globalization;

namespace Kbus.Cli;

/// <summary>A command line taken apart: a verb, options with their values, operands.</summary>
/// <param name="verb">The verb; null if there is none.</param>
/// <param name="options">The options in their order; an option without a value has an empty one.</param>
/// <param name="operands">The other arguments.</param>
internal sealed class ParsedArguments(Verb? verb, IReadOnlyList<GivenOption> options, IReadOnlyList<string> operands)
{
    private const double MostSeconds = 100_000_000;

    /// <summary>The verb; null if there is none.</summary>
    public Verb? Verb => verb;

    /// <summary>The arguments that are neither verb nor option.</summary>
    public IReadOnlyList<string> Operands => operands;

    private string VerbName => verb?.Name ?? "";

    /// <summary>Whether there is nothing but the verb.</summary>
    public bool IsBare => options.Count == 0 && operands.Count == 0;

    /// <summary>Whether the verb has an option at all.</summary>
    public bool Takes(Option option) => verb?.Options.Any(o => o.Name == option.Name) == true;

    /// <summary>Whether an option was given.</summary>
    public bool Has(Option option) => options.Any(o => o.Option.Name == option.Name);

    /// <summary>The value of an option, the last one if it was given more than once; null if it was not given.</summary>
    public string? Text(Option option) => options.LastOrDefault(o => o.Option.Name == option.Name)?.Value;

    /// <summary>The values of an option that may be given several times, in their order.</summary>
    public IReadOnlyList<string> Texts(Option option) => [.. All(option).Select(o => o.Value)];

    /// <summary>Each time that an option was given.</summary>
    public IEnumerable<GivenOption> All(Option option) => options.Where(o => o.Option.Name == option.Name);

    /// <summary>Which of some options was given last; null if none was.</summary>
    public Option? LastOf(params Option[] some) => options.LastOrDefault(o => some.Any(s => s.Name == o.Option.Name))?.Option;

    /// <summary>The value of an option as a whole number.</summary>
    /// <exception cref="CommandException">It is none, or smaller than <paramref name="least"/>.</exception>
    public uint? Number(Option option, uint least = 0)
    {
        if (Text(option) is not { } text)
        {
            return null;
        }

        bool isHex = text.StartsWith("0x", StringComparison.OrdinalIgnoreCase);
        bool isNumber = isHex
            ? uint.TryParse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint number)
            : uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
        return isNumber && number >= least
            ? number
            : throw CommandException.Usage($"{option}: '{text}' is not a whole number from {least} to {uint.MaxValue}.", VerbName);
    }

    /// <summary>The value of an option as a time in seconds, which may have a fraction.</summary>
    /// <exception cref="CommandException">It is none.</exception>
    public TimeSpan? Seconds(Option option)
    {
        if (Text(option) is not { } text)
        {
            return null;
        }

        return double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double seconds) && seconds is >= 0 and <= MostSeconds
            ? TimeSpan.FromSeconds(seconds)
            : throw CommandException.Usage($"{option}: '{text}' is not a time in seconds, such as 2 or 0.5.", VerbName);
    }

    /// <summary>The value of an option as a number of bytes: <c>65536</c>, <c>64K</c>, <c>100M</c>, <c>2G</c>, in steps of 1024.</summary>
    /// <exception cref="CommandException">It is none, or smaller than <paramref name="least"/>.</exception>
    public long? Bytes(Option option, long least)
    {
        if (Text(option) is not { } text)
        {
            return null;
        }

        int shift = text.Length == 0 ? 0 : char.ToUpperInvariant(text[^1]) switch { 'K' => 10, 'M' => 20, 'G' => 30, _ => 0 };
        bool isNumber = uint.TryParse(shift == 0 ? text : text.AsSpan(..^1), NumberStyles.None, CultureInfo.InvariantCulture, out uint number);
        return isNumber && (long)number << shift >= least
            ? (long)number << shift
            : throw CommandException.Usage($"{option}: '{text}' is not a size from {least} bytes on, such as 65536, 100M or 2G.", VerbName);
    }

    /// <summary>Two options that contradict each other must not both be given.</summary>
    /// <exception cref="CommandException">They were.</exception>
    public void NotBoth(Option one, Option other)
    {
        if (Has(one) && Has(other))
        {
            throw CommandException.Usage($"{one} and {other} contradict each other.", VerbName);
        }
    }
}
