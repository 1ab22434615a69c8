namespace Kbus.Simulation;

/// <summary>One step of a run.</summary>
/// <param name="Act">What is done.</param>
/// <param name="Seat">Who does it: a seat, on which one member after the other sits.</param>
/// <param name="Salt">From which everything else about the step is decided, so that it means the same when other steps are left out.</param>
/// <param name="Moment">0 to do it now; else it is done inside the bus's next round, at this moment (Kbus.Link's Interleaving) or the last one;
/// if it is negative, at the first, second ... of the moments around a change of a ring.</param>
internal readonly record struct Step(Act Act, int Seat, ulong Salt, int Moment)
{
    /// <summary>True for what the bus does, or time.</summary>
    public bool IsOfBus => Act is Act.Round or Act.Rest or Act.Wait or Act.Reload;

    /// <inheritdoc/>
    public override string ToString() => IsOfBus ? $"{Act} {Salt:x}" : $"{Act} {Seat} {Salt:x}{(Moment == 0 ? "" : $" at {Moment}")}";
}
