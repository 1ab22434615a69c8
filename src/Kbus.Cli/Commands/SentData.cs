using System.Text;

namespace Kbus.Cli;

/// <summary>The data that a command is to send: an argument, a file or standard input; as it is, or as hex digits.</summary>
internal static class SentData
{
    /// <summary>No bus takes a longer message, whatever its settings.</summary>
    private const int Most = 64 * 1024 * 1024;

    /// <summary>Reads the data.</summary>
    /// <param name="invocation">Has the options.</param>
    /// <param name="operand">Which operand is the data; it may be missing.</param>
    /// <exception cref="CommandException">The options contradict each other, or the data cannot be read.</exception>
    public static byte[] Read(Invocation invocation, int operand)
    {
        ParsedArguments arguments = invocation.Arguments;
        string? text = arguments.Operands.ElementAtOrDefault(operand);
        string? file = arguments.Text(Options.File);
        if (text is not null && file is not null)
        {
            throw CommandException.Usage("The data is either DATA or what --file names, not both.", invocation.Verb);
        }

        return Decode(invocation, file is not null ? ReadFile(invocation, file) : ExactWords.Bytes(text ?? ""));
    }

    /// <summary>Begins to read many messages: each line of the input, or with <c>-0</c> each piece that ends in a byte of 0.</summary>
    /// <param name="invocation">Has the options.</param>
    /// <param name="operand">Which operand would be the data.</param>
    /// <exception cref="CommandException">The options contradict each other.</exception>
    public static InputMessages ReadMany(Invocation invocation, int operand)
    {
        ParsedArguments arguments = invocation.Arguments;
        bool hasLines = arguments.Has(Options.Lines);
        if (arguments.Operands.Count > operand)
        {
            throw CommandException.Usage($"With {(hasLines ? Options.Lines : Options.Null)} the data comes from standard input or --file, not from DATA.", invocation.Verb);
        }

        string file = arguments.Text(Options.File) ?? "-";
        Func<Stream> open = file == "-" ? invocation.OpenInput : () => File.OpenRead(file);
        return new InputMessages(invocation.Ending, open, file == "-" ? "standard input" : file, hasLines ? (byte)'\n' : (byte)0, Most);
    }

    /// <summary>The data of a message: the bytes as they are, or the hex digits that they are.</summary>
    /// <exception cref="CommandException">They should be hex digits, and are not.</exception>
    public static byte[] Decode(Invocation invocation, byte[] bytes) =>
        invocation.Arguments.Has(Options.Hex) ? FromHex(bytes, invocation.Verb) : bytes;

    private static byte[] ReadFile(Invocation invocation, string file)
    {
        try
        {
            using Stream stream = file == "-" ? invocation.OpenInput() : File.OpenRead(file);
            var bytes = new MemoryStream();
            byte[] chunk = new byte[65536];
            int read;
            while ((read = stream.Read(chunk)) > 0)
            {
                bytes.Write(chunk, 0, read);
                if (bytes.Length > Most)
                {
                    throw new CommandException(ExitCode.Failed, $"{(file == "-" ? "standard input" : file)} is longer than {Most} bytes, more than any bus takes as one message. Send it in parts.");
                }
            }

            return bytes.ToArray();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException(ExitCode.Failed, $"{(file == "-" ? "standard input" : file)} cannot be read: {SystemFault.Describe(e, file)}", e);
        }
    }

    private static byte[] FromHex(byte[] text, string verb)
    {
        string digits = string.Concat(Encoding.Latin1.GetString(text).Where(c => !char.IsWhiteSpace(c)));
        try
        {
            return Convert.FromHexString(digits);
        }
        catch (FormatException e)
        {
            char? wrong = digits.Where(c => !char.IsAsciiHexDigit(c)).Select(c => (char?)c).FirstOrDefault();
            string what = wrong is null ? $"there are {digits.Length}, an odd number" : $"'{wrong}' is none";
            throw new CommandException(ExitCode.Usage, $"--hex: the data should be pairs of hex digits, but {what}. See kbus {verb} --help.", e);
        }
    }
}
