using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Kbus.Core;

/// <summary>All bindings of one bus: how a name finds its listeners and its replier.</summary>
/// <remarks>
/// A message's name is looked up once for each of its levels (<c>$.*</c>, <c>$.A.*</c>, ... and the one <c>%</c> that can match). So
/// the cost depends on the name and its matches, never on the number of bindings. The outcome is kept as a
/// <see cref="Route"/> until a binding changes. Only the bus's own thread touches it. Spec sections 2.2, 2.4, 2.5; D10.
/// </remarks>
internal sealed class BindingTable
{
    // Bounds of the kept routes: the names, and the listeners in all.
    private const int MaxRoutes = 4096;
    private const int MaxRouted = 256 * 1024;

    private readonly NameTable<BoundName> _names;
    private readonly NameTable<Route> _routes;
    private readonly Dictionary<ListenerKey, Binding> _newestAlike = [];
    private readonly List<BoundName> _matching = [];
    private readonly NewestFirst _merge = new();
    private int _routed;
    private int _left;
    private ulong _leftAt;
    private ulong _version = 1;
    private ulong _nextOrder = 1;
    private ulong _mark;

    /// <summary>Makes an empty table.</summary>
    /// <param name="seed">Keys the hashing of names. It changes no result.</param>
    public BindingTable(ulong seed)
    {
        _names = new NameTable<BoundName>(seed);
        _routes = new NameTable<Route>(seed);
        Traffic = new CountedNames(seed, _names);
    }

    /// <summary>The names whose traffic is counted.</summary>
    public CountedNames Traffic { get; }

    /// <summary>All bindings, those of Ksocks that are leaving included.</summary>
    public BindingList All { get; } = new(BindingSide.Bus);

    /// <summary>All repliers' bindings, those of Ksocks that are leaving included.</summary>
    public BindingList Repliers { get; } = new(BindingSide.Role);

    /// <summary>The number of bindings that count.</summary>
    public int Count => All.Count - _left;

    /// <summary>The number of bindings that were read so far to compute routes.</summary>
    public ulong Looked { get; private set; }

    /// <summary>The replier's binding of exactly this string; wildcards are not evaluated (spec section 2.6).</summary>
    public Binding? FindReplier(ReadOnlySpan<byte> name) => _names.Find(name)?.PresentReplier;

    /// <summary>The bindings that a closed Ksock still has count for nobody from now on. Each is to be removed.</summary>
    public void Leave(KsockState ksock)
    {
        ksock.IsLeaving = true;
        _left += ksock.Bindings.Count;
        _leftAt = ++_version;
    }

    /// <summary>Makes a binding. The caller has checked the name and, for a replier, that there is none.</summary>
    public Binding Add(KsockState ksock, ReadOnlySpan<byte> name, bool isReplier)
    {
        BoundName? bound = _names.Find(name);
        if (isReplier && bound?.Replier is { } left)
        {
            Remove(left);
            bound = _names.Find(name);
        }

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
            Repliers.Add(binding);
        }
        else
        {
            bound.Listeners.Add(binding);
            ref Binding? newest = ref CollectionsMarshal.GetValueRefOrAddDefault(_newestAlike, new ListenerKey(ksock.Id, bound), out _);
            binding.OlderAlike = newest;
            binding.Alike = (newest?.Alike ?? 0) + 1;
            newest = binding;
        }

        ksock.Bindings.Add(binding);
        ksock.NameBytes += name.Length;
        ksock.RepliersBound += isReplier ? 1 : 0;
        All.Add(binding);
        bound.Version = ++_version;
        return binding;
    }

    /// <summary>Ends a binding that is in the table. Of several alike, the newest ends first.</summary>
    public void Remove(Binding binding)
    {
        BoundName bound = binding.Name;
        if (binding.IsReplier)
        {
            bound.Replier = null;
            Repliers.Remove(binding);
        }
        else
        {
            bound.Listeners.Remove(binding);
            RemoveNewestAlike(binding);
        }

        KsockState ksock = binding.Ksock;
        if (ksock.IsLeaving)
        {
            // No route has it any more.
            _left--;
        }
        else
        {
            bound.Version = ++_version;
        }

        if (bound.IsUnused)
        {
            _names.Remove(bound);
            Traffic.Unbind(bound);
        }

        ksock.Bindings.Remove(binding);
        ksock.NameBytes -= bound.Name.Length;
        ksock.RepliersBound -= binding.IsReplier ? 1 : 0;
        All.Remove(binding);
        if (All.Count == 0)
        {
            // What many bindings needed once is not kept for ever.
            _newestAlike.TrimExcess();
            _names.Shrink();
        }
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

        return _newestAlike.GetValueOrDefault(new ListenerKey(ksock.Id, bound));
    }

    /// <summary>Whether no binding has changed since a route was given.</summary>
    public bool IsCurrent(Route route) => route.Version == _version;

    /// <summary>Computes the route of a valid message name. Valid until a binding changes.</summary>
    public Route RouteOf(ReadOnlySpan<byte> name)
    {
        Route? route = _routes.Find(name);
        if (route is null)
        {
            if (_routes.Count >= MaxRoutes || _routed >= MaxRouted)
            {
                _routes.ForEach(static r => r.Forget());
                _routes.Clear();
                _routed = 0;
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

    private void RemoveNewestAlike(Binding binding)
    {
        var key = new ListenerKey(binding.Ksock.Id, binding.Name);
        Debug.Assert(_newestAlike[key] == binding, "the newest of several bindings alike ends first");
        if (binding.OlderAlike is { } older)
        {
            _newestAlike[key] = older;
        }
        else
        {
            _newestAlike.Remove(key);
        }
    }

    /// <summary>Brings a route up to date. It is computed again only if a binding to a matching name has changed.</summary>
    private void WorkOut(Route route)
    {
        Match(route.Name);
        if (!IsAsBefore(route))
        {
            Binding? replier = null;
            route.Matched.Clear();
            foreach (BoundName bound in _matching)
            {
                // Wildcards come first, shortest first: each later and more specific match takes the replier's place.
                replier = bound.PresentReplier ?? replier;
                Looked += (uint)bound.Listeners.Count;
                _merge.Add(bound.Listeners);
                route.Matched.Add(bound.Version);
            }

            ReadOnlySpan<Binding> listeners = _merge.Take();
            _routed += listeners.Length - route.Listeners.Length;
            route.SetListeners(listeners);
            route.HasRepeats = HasRepeats(listeners);
            route.Replier = replier;
        }

        route.Version = _version;
    }

    private bool IsAsBefore(Route route)
    {
        bool isAsBefore = route.Version != 0 && route.Version >= _leftAt && route.Matched.Count == _matching.Count;
        for (int i = 0; isAsBefore && i < _matching.Count; i++)
        {
            isAsBefore = _matching[i].Version == route.Matched[i];
        }

        return isAsBefore;
    }

    /// <summary>Finds the bound names that match a name: the wildcards, shortest first, then the name itself.</summary>
    private void Match(ReadOnlySpan<byte> name)
    {
        _matching.Clear();
        Span<byte> pattern = stackalloc byte[name.Length + 1];
        int lastDot = name.LastIndexOf((byte)'.');
        for (int i = 0; i <= lastDot; i++)
        {
            pattern[i] = name[i];
            if (name[i] == '.' && i + 1 < name.Length)
            {
                pattern[i + 1] = (byte)'*';
                AddIfBound(pattern[..(i + 2)]);
            }
        }

        if (lastDot + 1 < name.Length)
        {
            pattern[lastDot + 1] = (byte)'%';
            AddIfBound(pattern[..(lastDot + 2)]);
        }

        AddIfBound(name);
    }

    private void AddIfBound(ReadOnlySpan<byte> name)
    {
        if (_names.Find(name) is { } bound)
        {
            _matching.Add(bound);
        }
    }

    private bool HasRepeats(ReadOnlySpan<Binding> listeners)
    {
        _mark++;
        foreach (Binding listener in listeners)
        {
            if (listener.Ksock.Mark == _mark)
            {
                return true;
            }

            listener.Ksock.Mark = _mark;
        }

        return false;
    }

    /// <summary>One Ksock's bindings to one name as listener.</summary>
    private readonly record struct ListenerKey(uint Ksock, BoundName Name)
    {
        public bool Equals(ListenerKey other) => Ksock == other.Ksock && ReferenceEquals(Name, other.Name);

        public override int GetHashCode() => (int)(Name.Hash ^ (Ksock * 0x9E3779B1));
    }
}
