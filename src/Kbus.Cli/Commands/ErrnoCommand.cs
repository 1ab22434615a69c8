using System.Globalization;

namespace Kbus.Cli;

/// <summary><c>kbus errno</c>: what an error means, to Unix and to KBUS. Source: spec section 13.2, where the texts are.</summary>
internal static class ErrnoCommand
{
    /// <summary>Does it.</summary>
    public static int Run(Invocation invocation)
    {
        ParsedArguments arguments = invocation.Arguments;
        if (arguments.Has(Options.List))
        {
            foreach (Errno errno in KbusErrors.All)
            {
                invocation.Output.WriteLine(ListLine(errno));
            }

            return ExitCode.Done;
        }

        if (arguments.Operands.Count == 0)
        {
            HelpText.Of(arguments.Verb!, invocation.HelpWidth).ForEach(invocation.Output.WriteLine);
            return ExitCode.Done;
        }

        (string[] lines, bool known) = Explain(arguments.Operands[0]);
        Array.ForEach(lines, invocation.Output.WriteLine);
        return known ? ExitCode.Done : ExitCode.Failed;
    }

    /// <summary>The lines that the command prints for a number or a symbol.</summary>
    /// <param name="text">Such as <c>32</c>, <c>-32</c>, <c>0x20</c> or <c>EPIPE</c>.</param>
    internal static (string[] Lines, bool Known) Explain(string text)
    {
        if (TryNumber(text, out long number))
        {
            bool known = KbusErrors.TryParse(number.ToString(CultureInfo.InvariantCulture).TrimStart('-'), out Errno byNumber);
            return known
                ? (WithMeaning($"Error {(int)byNumber} (0x{(int)byNumber:x}) is {KbusErrors.Name(byNumber)}: {KbusErrors.UnixMeaning(byNumber)}", byNumber), true)
                : ([$"Unrecognised error code number {TerminalText.Of(text)}"], false);
        }

        return KbusErrors.TryParse(text, out Errno errno)
            ? (WithMeaning($"{KbusErrors.Name(errno)} is error {(int)errno} (0x{(int)errno:x}): {KbusErrors.UnixMeaning(errno)}", errno), true)
            : ([$"Unrecognised error code mnemonic {TerminalText.Of(text)}"], false);
    }

    private static string ListLine(Errno errno) => $"{(int)errno,3}: {KbusErrors.Name(errno),-20} {KbusErrors.UnixMeaning(errno)}";

    private static string[] WithMeaning(string first, Errno errno) =>
        KbusErrors.KbusMeaning(errno) is { } meaning ? [first, "", "KBUS:", .. meaning.Split('\n')] : [first];

    private static bool TryNumber(string text, out long number) => text.StartsWith("0x", StringComparison.OrdinalIgnoreCase)
        ? long.TryParse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out number)
        : long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out number);
}
