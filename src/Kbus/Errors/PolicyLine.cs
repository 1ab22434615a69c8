using System.Globalization;

namespace Kbus;

/// <summary>Which rule of a bus's policy denied the last call of this thread that gave EPERM. The bus sends the line with its answer.</summary>
/// <remarks>It is read where the refusal is put into words, right after the call and on the same thread.</remarks>
internal static class PolicyLine
{
    /// <summary>The line in the policy's file, from 1; 0 if no rule allowed the call.</summary>
    [ThreadStatic]
    public static uint OfThisThread;

    /// <summary>The line as the end of a sentence.</summary>
    public static string Words => OfThisThread == 0
        ? "no rule allows it"
        : string.Create(CultureInfo.InvariantCulture, $"line {OfThisThread} of the policy file says so");
}
