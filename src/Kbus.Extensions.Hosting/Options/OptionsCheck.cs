using Microsoft.Extensions.Options;

namespace Kbus.Hosting;

/// <summary>Finds what is out of range in <see cref="HostedBusOptions"/>, all of it at once, when the host starts.</summary>
internal sealed class OptionsCheck : IValidateOptions<HostedBusOptions>
{
    private const uint MostBuses = 256;

    // The longest wait that the timers of .NET can do.
    private static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(int.MaxValue);

    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, HostedBusOptions options)
    {
        List<string> faults = [];
        if (options.Device >= MostBuses)
        {
            faults.Add($"Device is {options.Device}; buses have the numbers 0 to {MostBuses - 1}.");
        }

        if (options.MaxMessages == 0)
        {
            faults.Add("MaxMessages is 0; a queue has room for 1 message at least.");
        }

        Check(faults, nameof(options.OpenTimeout), options.OpenTimeout, mayBeZero: false);
        Check(faults, nameof(options.AskTimeout), options.AskTimeout, mayBeZero: false);
        Check(faults, nameof(options.LongestPause), options.LongestPause, mayBeZero: false);
        Check(faults, nameof(options.StopTimeout), options.StopTimeout, mayBeZero: true);
        return faults.Count == 0
            ? ValidateOptionsResult.Success
            : ValidateOptionsResult.Fail(faults.Select(f => string.IsNullOrEmpty(name) ? $"KBUS: {f}" : $"KBUS bus '{name}': {f}"));
    }

    private static void Check(List<string> faults, string option, TimeSpan time, bool mayBeZero)
    {
        if (time < TimeSpan.Zero || time > Longest || (time == TimeSpan.Zero && !mayBeZero))
        {
            faults.Add($"{option} is {time}; it must be {(mayBeZero ? "0 or more" : "more than 0")}, and at most {Longest}.");
        }
    }
}
