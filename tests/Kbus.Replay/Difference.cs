namespace Kbus.Replay;

/// <summary>The first place where a host did something else than what was recorded.</summary>
/// <param name="File">The file of the trace.</param>
/// <param name="Line">The line of the operation.</param>
/// <param name="Operation">The operation with its arguments.</param>
/// <param name="Recorded">The recorded result.</param>
/// <param name="Got">The result that the host gave.</param>
internal sealed record Difference(string File, int Line, string Operation, string Recorded, string Got)
{
    public override string ToString() =>
        $"{File}:{Line}\n  operation  {Operation}\n  recorded   {Recorded}\n  got        {Got}";
}
