using System.Diagnostics;
using System.Globalization;

namespace Kbus.Bench.Hostile;

/// <summary>How long each of many calls took. One thread measures; another may ask at any time, also during a call.</summary>
internal sealed class Waits
{
    private const int Most = 4_000_000;
    private readonly float[] _microseconds = new float[Most];
    private int _count;
    private long _longest;
    private long _begun;
    private int _failed;
    private string _failure = "-";

    /// <summary>How many calls there were.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Makes a call and measures it. False if it failed.</summary>
    public bool Measure(Action call)
    {
        Volatile.Write(ref _begun, Stopwatch.GetTimestamp());
        try
        {
            call();
            return true;
        }
        catch (Exception e) when (e is KbusException or HostileException or IOException)
        {
            Interlocked.Increment(ref _failed);
            _failure = e is KbusException kbus ? kbus.Errno.ToString() : e.Message.Replace(' ', '_');
            return false;
        }
        finally
        {
            Add(Stopwatch.GetTimestamp() - Interlocked.Exchange(ref _begun, 0));
        }
    }

    /// <summary>Takes note of a time that was measured otherwise, in ticks of the stopwatch.</summary>
    public void Add(long ticks)
    {
        _longest = Math.Max(_longest, ticks);
        int count = _count;
        _microseconds[count % Most] = (float)(ticks * 1e6 / Stopwatch.Frequency);
        Volatile.Write(ref _count, count + 1);
    }

    /// <summary>What was seen, as one line for <see cref="WaitsSeen.Parse"/>. A call that is under way counts as long as it takes already.</summary>
    public string Seen()
    {
        long begun = Volatile.Read(ref _begun);
        long underWay = begun == 0 ? 0 : Stopwatch.GetTimestamp() - begun;
        Span<float> sorted = _microseconds.AsSpan(0, Math.Min(_count, Most)).ToArray();
        sorted.Sort();
        double median = sorted.Length == 0 ? 0 : sorted[sorted.Length / 2];
        double longest = Math.Max(_longest, underWay) * 1e6 / Stopwatch.Frequency;
        bool isStuck = underWay > 5 * Stopwatch.Frequency;
        return string.Create(CultureInfo.InvariantCulture, $"{_count} {median:F1} {longest:F0} {_failed} {_failure} {isStuck}");
    }
}

/// <summary>What was seen of many calls.</summary>
/// <param name="Count">How many.</param>
/// <param name="MedianMicroseconds">The time of the middle one, in microseconds.</param>
/// <param name="LongestMicroseconds">The time of the longest one, in microseconds.</param>
/// <param name="Failed">How many failed.</param>
/// <param name="Failure">Why the last of these did.</param>
/// <param name="IsStuck">Whether the last one had not come back when it was given up.</param>
internal sealed record WaitsSeen(int Count, double MedianMicroseconds, double LongestMicroseconds, int Failed, string Failure, bool IsStuck)
{
    /// <summary>Reads what <see cref="Waits.Seen"/> wrote.</summary>
    public static WaitsSeen Parse(string line)
    {
        string[] words = line.Split(' ');
        CultureInfo plain = CultureInfo.InvariantCulture;
        return new WaitsSeen(
            int.Parse(words[0], plain), double.Parse(words[1], plain), double.Parse(words[2], plain), int.Parse(words[3], plain), words[4], bool.Parse(words[5]));
    }
}
