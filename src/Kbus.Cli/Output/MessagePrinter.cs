namespace Kbus.Cli;

/// <summary>Prints messages in the form that the options ask for: a line for people, a line of JSON, or the data alone.</summary>
internal sealed class MessagePrinter
{
    private readonly Invocation _invocation;
    private readonly LineOutput _output;
    private readonly MessageJson? _json;
    private readonly bool _full;
    private readonly byte[]? _afterData;

    /// <summary>Makes a printer for one run of a verb.</summary>
    /// <exception cref="CommandException">The options contradict each other.</exception>
    public MessagePrinter(Invocation invocation)
    {
        ParsedArguments arguments = invocation.Arguments;
        arguments.NotBoth(Options.Json, Options.Raw);
        DataForm? form = Form(invocation);
        _invocation = invocation;
        _output = invocation.Output;
        _full = arguments.Has(Options.Full);
        _afterData = AfterData(arguments);
        _json = arguments.Has(Options.Json) ? new MessageJson(invocation.Time, form) : null;
    }

    /// <summary>Prints a message.</summary>
    public void Print(Message message)
    {
        if (_json is not null)
        {
            _output.Write(_json.Line(message));
        }
        else if (_afterData is not null)
        {
            byte[] line = new byte[message.Data.Length + _afterData.Length];
            message.Data.Span.CopyTo(line);
            _afterData.CopyTo(line, message.Data.Length);
            _output.Write(line);
        }
        else
        {
            _output.WriteLine(MessageLine.Of(message, _full));
        }
    }

    /// <summary>Says that messages are missing between those that were printed and those that will be.</summary>
    public void PrintMissed(uint count)
    {
        if (_json is not null)
        {
            _output.Write(_json.Missed(count));
        }

        _invocation.Warn($"{count} {(count == 1 ? "message" : "messages")} missed here: the queue was full.");
    }

    /// <summary>The byte after the data if only data is printed; otherwise null. <c>--lines</c> and <c>-0</c> of <c>send</c> are about
    /// its input.</summary>
    private static byte[]? AfterData(ParsedArguments arguments)
    {
        if (!arguments.Takes(Options.Raw))
        {
            return null;
        }

        arguments.NotBoth(Options.Lines, Options.Null);
        arguments.NotBoth(Options.Json, Options.Lines);
        arguments.NotBoth(Options.Json, Options.Null);
        return arguments.Has(Options.Lines) ? "\n"u8.ToArray() : arguments.Has(Options.Null) ? [0] : arguments.Has(Options.Raw) ? [] : null;
    }

    /// <summary>The form of data in JSON; null for the usual one.</summary>
    /// <exception cref="CommandException">There is no such form, or no JSON.</exception>
    public static DataForm? Form(Invocation invocation)
    {
        if (invocation.Arguments.Text(Options.Data) is not { } text)
        {
            return null;
        }

        DataForm[] forms = [.. Enum.GetValues<DataForm>().Where(f => JsonData.Word(f) == text)];
        return forms.Length == 0
            ? throw CommandException.Usage($"{Options.Data}: '{text}' is none of {string.Join(", ", Enum.GetValues<DataForm>().Select(JsonData.Word))}.", invocation.Verb)
            : !invocation.Arguments.Has(Options.Json)
            ? throw CommandException.Usage($"{Options.Data} needs {Options.Json}: it says how data stands there.", invocation.Verb)
            : forms[0];
    }
}
