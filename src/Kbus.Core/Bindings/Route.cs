namespace Kbus.Core;

/// <summary>Who gets a message of one name: worked out once and kept until a binding to a matching name changes.</summary>
internal sealed class Route(ReadOnlySpan<byte> name) : NameEntry(name)
{
    private Binding[] _listeners = [];
    private int _count;

    /// <summary>The bindings of all listeners, newest first, repeated ones repeated.</summary>
    public ReadOnlySpan<Binding> Listeners => _listeners.AsSpan(0, _count);

    /// <summary>True if a Ksock is among the listeners more than once.</summary>
    public bool HasRepeats { get; set; }

    /// <summary>The binding of the most specific replier.</summary>
    public Binding? Replier { get; set; }

    /// <summary>The version of the binding table for which this route holds.</summary>
    public ulong Version { get; set; }

    /// <summary>The versions of the matching names, in the order of looking them up, when the route was last worked out.</summary>
    public List<ulong> Matched { get; } = [];

    /// <summary>Forgets who gets the message: whoever still remembers this route has to look for another.</summary>
    public void Forget()
    {
        Version = 0;
        Replier = null;
        Matched.Clear();
        _listeners = [];
        _count = 0;
    }

    /// <summary>Takes over who listens. The array is used again next time, so that changing bindings leaves no garbage.</summary>
    public void SetListeners(ReadOnlySpan<Binding> listeners)
    {
        if (listeners.Length > _listeners.Length || listeners.Length < _listeners.Length / 4)
        {
            _listeners = new Binding[listeners.Length];
        }

        listeners.CopyTo(_listeners);
        if (listeners.Length < _count)
        {
            _listeners.AsSpan(listeners.Length).Clear();
        }

        _count = listeners.Length;
    }
}
