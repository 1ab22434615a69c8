namespace Kbus.Cli;

/// <summary>Prints messages in the form that the options ask for: a line for people, a line of JSON, or the data alone.</summary>
internal sealed class MessagePrinter
{
    private readonly LineOutput _output;
    private readonly MessageJson? _json;
    private readonly bool _full;
    private readonly bool _raw;

    /// <summary>Makes a printer for one run of a verb.</summary>
    /// <exception cref="CommandException">The options contradict each other.</exception>
    public MessagePrinter(Invocation invocation)
    {
        invocation.Arguments.NotBoth(Options.Json, Options.Raw);
        _output = invocation.Output;
        _full = invocation.Arguments.Has(Options.Full);
        _raw = invocation.Arguments.Has(Options.Raw);
        _json = invocation.Arguments.Has(Options.Json) ? new MessageJson(invocation.Time) : null;
    }

    /// <summary>Prints a message.</summary>
    public void Print(Message message)
    {
        if (_json is not null)
        {
            _output.Write(_json.Line(message));
        }
        else if (_raw)
        {
            _output.Write(message.Data.Span);
        }
        else
        {
            _output.WriteLine(MessageLine.Of(message, _full));
        }
    }
}
