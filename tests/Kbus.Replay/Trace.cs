namespace Kbus.Replay;

/// <summary>One recorded trace: what the buses were started with, and the operations with their exact results.</summary>
/// <param name="File">Where it came from, as <c>focused/names_send.jsonl</c>.</param>
/// <param name="Meta">The state it starts from.</param>
/// <param name="Operations">In order; strictly one after the other.</param>
internal sealed record Trace(string File, TraceMeta Meta, IReadOnlyList<TraceOperation> Operations)
{
    public override string ToString() => File;
}
