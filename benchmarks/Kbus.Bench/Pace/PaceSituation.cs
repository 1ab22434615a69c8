using System.Globalization;

namespace Kbus.Bench.Pace;

/// <summary>How Requests are made in one measurement.</summary>
/// <param name="Pace">Microseconds from one Request to the next; 0 if the next one begins at once.</param>
/// <param name="Pairs">How many pairs ask and answer at the same time.</param>
/// <param name="Busy">How many other programs want a processor all the time.</param>
/// <param name="OneProcessor">Whether everything runs on one processor.</param>
internal sealed record PaceSituation(int Pace, int Pairs, int Busy, bool OneProcessor)
{
    /// <summary>The pace in words.</summary>
    public string PaceText => Pace switch
    {
        0 => "at once",
        < 1000 => string.Create(CultureInfo.InvariantCulture, $"{Pace} us"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{Pace / 1000.0:0.#} ms"),
    };

    /// <summary>Everything but the pace, in words.</summary>
    public string SurroundingsText
    {
        get
        {
            string pairs = Pairs == 1 ? "one pair" : string.Create(CultureInfo.InvariantCulture, $"{Pairs} pairs");
            string busy = Busy == 0 ? "idle machine" : string.Create(CultureInfo.InvariantCulture, $"{Busy} other busy programs");
            return $"{pairs}, {busy}{(OneProcessor ? ", one processor" : "")}";
        }
    }
}
