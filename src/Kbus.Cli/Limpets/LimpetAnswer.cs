namespace Kbus.Cli;

/// <summary>What became of a question to one Limpet.</summary>
/// <param name="Path">Its socket.</param>
/// <param name="Document">Its report in JSON; empty if it gave none.</param>
/// <param name="Status">The same, read; null if it gave none.</param>
/// <param name="Fault">Why it gave none, as the end of a sentence.</param>
internal sealed record LimpetAnswer(string Path, byte[] Document, LimpetStatus? Status, string Fault);
