using System.Globalization;

namespace Kbus.Bench.Hostile;

/// <summary>How much memory a process has, looked at again and again.</summary>
internal sealed class MemoryWatch : IDisposable
{
    private readonly Timer _timer;
    private readonly int _process;
    private long _peak;

    /// <summary>Begins to watch.</summary>
    public MemoryWatch(int process)
    {
        _process = process;
        _timer = new Timer(_ => Now(), null, TimeSpan.Zero, TimeSpan.FromMilliseconds(20));
    }

    /// <summary>The most that was seen, in MiB.</summary>
    public double PeakMebibytes => Interlocked.Read(ref _peak) / 1024.0;

    /// <summary>Looks, in MiB of resident memory; 0 if the process has gone.</summary>
    public double Now()
    {
        long now = Kibibytes();
        long peak;
        while ((peak = Interlocked.Read(ref _peak)) < now && Interlocked.CompareExchange(ref _peak, now, peak) != peak)
        {
        }

        return now / 1024.0;
    }

    /// <summary>What was seen so far does not count.</summary>
    public void Forget() => Interlocked.Exchange(ref _peak, 0);

    /// <inheritdoc/>
    public void Dispose() => _timer.Dispose();

    private long Kibibytes()
    {
        try
        {
            string? line = File.ReadLines($"/proc/{_process}/status").FirstOrDefault(l => l.StartsWith("VmRSS:", StringComparison.Ordinal));
            return line is null ? 0 : long.Parse(line.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return 0;
        }
    }
}
