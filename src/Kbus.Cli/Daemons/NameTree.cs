using System.Globalization;

namespace Kbus.Cli;

/// <summary>The names of a bus as a tree: those that somebody is bound to, and those that were sent.</summary>
internal sealed class NameTree
{
    private readonly SortedDictionary<string, NameTree> _below = new(StringComparer.Ordinal);
    private readonly List<string> _repliers = [];
    private readonly List<string> _listeners = [];
    private TrafficStatus? _traffic;

    /// <summary>Makes the tree of a bus.</summary>
    public static NameTree Of(BusStatus bus)
    {
        var root = new NameTree();
        foreach (KsockStatus ksock in bus.Ksocks)
        {
            string name = $"{TerminalText.Of(ksock.Program)}[{ksock.Id.ToString(CultureInfo.InvariantCulture)}]";
            foreach (IGrouping<(string Name, bool IsReplier), BindingStatus> alike in ksock.Bindings.GroupBy(b => (b.Name, b.IsReplier)))
            {
                NameTree node = root.At(alike.Key.Name);
                (alike.Key.IsReplier ? node._repliers : node._listeners).Add(alike.Count() == 1 ? name : $"{name} ({alike.Count()} times)");
            }
        }

        foreach (NameStatus name in bus.Names)
        {
            root.At(name.Name)._traffic = name.Traffic;
        }

        return root;
    }

    /// <summary>The lines of the tree, below <c>$</c>.</summary>
    public IEnumerable<string> Lines() => ["$", .. Below("")];

    private NameTree At(string name)
    {
        NameTree node = this;
        foreach (string word in name.Split('.').Skip(1))
        {
            if (!node._below.TryGetValue(word, out NameTree? next))
            {
                node._below.Add(word, next = new NameTree());
            }

            node = next;
        }

        return node;
    }

    private IEnumerable<string> Below(string margin)
    {
        int left = _below.Count;
        foreach ((string word, NameTree node) in _below)
        {
            bool isLast = --left == 0;
            yield return $"{margin}{(isLast ? "└─ " : "├─ ")}{TerminalText.Of(word)}{node.About()}";
            foreach (string line in node.Below(margin + (isLast ? "   " : "│  ")))
            {
                yield return line;
            }
        }
    }

    private string About()
    {
        List<string> parts = [];
        if (_repliers.Count > 0)
        {
            parts.Add($"replier {string.Join(" ", _repliers)}");
        }

        if (_listeners.Count > 0)
        {
            parts.Add($"{(_listeners.Count == 1 ? "listener" : "listeners")} {string.Join(" ", _listeners)}");
        }

        if (_traffic is { } traffic)
        {
            string refused = traffic.AllRefused == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $", {traffic.AllRefused} refused");
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"{traffic.Sent} sent{refused}"));
        }

        return parts.Count == 0 ? "" : "  " + string.Join("; ", parts);
    }
}
