namespace Kbus.Cli.Tests;

/// <summary>What a process left when it had ended.</summary>
internal sealed record Ended(int Code, string Output, string Errors)
{
    /// <summary>The lines of standard output, without an empty one at the end.</summary>
    public string[] Lines => Output.Length == 0 ? [] : Output.TrimEnd('\n').Split('\n');
}
