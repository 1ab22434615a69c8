namespace Kbus.Core;

/// <summary>The recipients of messages of one name. Computed once and kept until a binding to a matching name changes.</summary>
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

    /// <summary>The versions of the matching names when the route was last computed, in the order of their look-up.</summary>
    public List<ulong> Matched { get; } = [];

    /// <summary>What has gone over the bus under this name; null until something has.</summary>
    public NameTraffic? Traffic { get; set; }

    /// <summary>Makes the route invalid. A holder of this route must find another.</summary>
    public void Forget()
    {
        Version = 0;
        Replier = null;
        Matched.Clear();
        _listeners = [];
        _count = 0;
    }

    /// <summary>Copies the listeners. The array is reused next time, so that changing bindings leaves no garbage.</summary>
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
