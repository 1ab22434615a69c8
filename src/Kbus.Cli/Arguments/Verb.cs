namespace Kbus.Cli;

/// <summary>One verb of the command: what its arguments are, what its help says, and what it does.</summary>
/// <param name="Name">The verb.</param>
/// <param name="Summary">Its description, in half a line.</param>
/// <param name="Operands">Its operands as the help shows them.</param>
/// <param name="Run">Does it, and gives the exit code.</param>
internal sealed record Verb(string Name, string Summary, string Operands, Func<Invocation, int> Run)
{
    /// <summary>The least operands that it needs.</summary>
    public int LeastOperands { get; init; }

    /// <summary>The most operands that it takes.</summary>
    public int MostOperands { get; init; }

    /// <summary>The completions of its operands, one entry for each. The last one is for all that follow.</summary>
    public IReadOnlyList<Candidates> Completes { get; init; } = [];

    /// <summary>Which operand is data, and so may have any bytes; -1 for none. All other words must be text.</summary>
    public int DataOperand { get; init; } = -1;

    /// <summary>Its options.</summary>
    public IReadOnlyList<Option> Options { get; init; } = [];

    /// <summary>The rest of its help. It is broken into lines that fit the terminal.</summary>
    public string Text { get; init; } = "";

    /// <summary>Three command lines that work.</summary>
    public IReadOnlyList<string> Examples { get; init; } = [];

    /// <summary>Whether it is for the command's own use: left out of help, and given its arguments as they are.</summary>
    public bool IsHidden { get; init; }
}
