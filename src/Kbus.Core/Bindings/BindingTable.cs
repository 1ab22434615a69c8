using System.Diagnostics;

namespace Kbus.Core;

/// <summary>All bindings of one bus: how a name finds its listeners and its replier.</summary>
/// <remarks>
/// A message's name is looked up once for each of its levels (<c>$.*</c>, <c>$.A.*</c>, ... and the one <c>%</c> that can match), so
/// the cost depends on the name and on who matches, never on how many bindings there are; the outcome is kept as a
/// <see cref="Route"/> until a binding changes. Only the bus's own thread touches it. Spec sections 2.2, 2.4, 2.5; D10.
/// </remarks>
internal sealed class BindingTable(ulong seed)
{
    private const int MaxRoutes = 4096;
    private readonly NameTable<BoundName> _names = new(seed);
    private readonly NameTable<Route> _routes = new(seed);
    private readonly List<Binding> _matching = [];
    private readonly HashSet<KsockState> _seen = [];
    private ulong _version = 1;
    private ulong _nextOrder = 1;

    /// <summary>How many bindings there are.</summary>
    public int Count { get; private set; }

    /// <summary>The replier's binding of exactly this string; wildcards are not evaluated (spec section 2.6).</summary>
    public Binding? FindReplier(ReadOnlySpan<byte> name) => _names.Find(name)?.Replier;

    /// <summary>Makes a binding. The caller has checked the name and, for a replier, that there is none.</summary>
    public Binding Add(KsockState ksock, ReadOnlySpan<byte> name, bool isReplier)
    {
        BoundName? bound = _names.Find(name);
        if (bound is null)
        {
            bound = new BoundName(name);
            _names.Add(bound);
        }

        var binding = new Binding(ksock, bound, isReplier, _nextOrder++);
        if (isReplier)
        {
            Debug.Assert(bound.Replier is null, "a name has one replier");
            bound.Replier = binding;
        }
        else
        {
            bound.Listeners.Add(binding);
        }

        ksock.Bindings.Add(binding);
        Count++;
        _version++;
        return binding;
    }

    /// <summary>Ends a binding that is in the table.</summary>
    public void Remove(Binding binding)
    {
        BoundName bound = binding.Name;
        if (binding.IsReplier)
        {
            bound.Replier = null;
        }
        else
        {
            bound.Listeners.RemoveAt(IndexOf(bound.Listeners, binding));
        }

        if (bound.IsUnused)
        {
            _names.Remove(bound);
        }

        binding.Ksock.Bindings.RemoveAt(IndexOf(binding.Ksock.Bindings, binding));
        Count--;
        _version++;
    }

    /// <summary>The newest binding of this Ksock with exactly this name and kind.</summary>
    public Binding? Find(KsockState ksock, ReadOnlySpan<byte> name, bool isReplier)
    {
        BoundName? bound = _names.Find(name);
        if (bound is null)
        {
            return null;
        }

        if (isReplier)
        {
            return bound.Replier?.Ksock == ksock ? bound.Replier : null;
        }

        return bound.Listeners.FindLast(b => b.Ksock == ksock);
    }

    /// <summary>Whether no binding has changed since a route was given.</summary>
    public bool IsCurrent(Route route) => route.Version == _version;

    /// <summary>Works out who gets a message of this name, which messages may have. Valid until a binding changes.</summary>
    public Route RouteOf(ReadOnlySpan<byte> name)
    {
        Route? route = _routes.Find(name);
        if (route is null)
        {
            if (_routes.Count >= MaxRoutes)
            {
                _routes.Clear();
            }

            route = new Route(name);
            _routes.Add(route);
        }

        if (route.Version != _version)
        {
            WorkOut(route);
        }

        return route;
    }

    /// <summary>Lists in bind order are searched from a binding's order, so that ten thousand listeners of one name leave quickly.</summary>
    private static int IndexOf(List<Binding> bindings, Binding binding)
    {
        int low = 0;
        int high = bindings.Count - 1;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (bindings[middle].Order < binding.Order)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }

    private void WorkOut(Route route)
    {
        ReadOnlySpan<byte> name = route.Name;
        Binding? replier = null;
        _matching.Clear();

        // Wildcards first, shortest first: each later and more specific match takes the replier's place.
        Span<byte> pattern = stackalloc byte[name.Length + 1];
        int lastDot = name.LastIndexOf((byte)'.');
        for (int i = 0; i <= lastDot; i++)
        {
            pattern[i] = name[i];
            if (name[i] == '.' && i + 1 < name.Length)
            {
                pattern[i + 1] = (byte)'*';
                Gather(pattern[..(i + 2)], ref replier);
            }
        }

        if (lastDot + 1 < name.Length)
        {
            pattern[lastDot + 1] = (byte)'%';
            Gather(pattern[..(lastDot + 2)], ref replier);
        }

        Gather(name, ref replier);
        _matching.Sort(static (a, b) => b.Order.CompareTo(a.Order));
        route.Listeners = [.. _matching];
        route.HasRepeats = HasRepeats(_matching);
        route.Replier = replier;
        route.Version = _version;
    }

    private bool HasRepeats(List<Binding> listeners)
    {
        if (listeners.Count < 2)
        {
            return false;
        }

        foreach (Binding listener in listeners)
        {
            if (!_seen.Add(listener.Ksock))
            {
                _seen.Clear();
                return true;
            }
        }

        _seen.Clear();
        return false;
    }

    private void Gather(ReadOnlySpan<byte> name, ref Binding? replier)
    {
        BoundName? bound = _names.Find(name);
        if (bound is not null)
        {
            _matching.AddRange(bound.Listeners);
            replier = bound.Replier ?? replier;
        }
    }
}
