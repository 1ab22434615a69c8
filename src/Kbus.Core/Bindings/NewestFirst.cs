using System.Runtime.InteropServices;

namespace Kbus.Core;

/// <summary>Merges the bindings of several names into one list, newest first.</summary>
/// <remarks>Each name's bindings are in order already. So the cost is that of a merge, and not of sorting: all, times the logarithm of
/// the number of names.</remarks>
internal sealed class NewestFirst
{
    private readonly List<int> _starts = [];
    private List<Binding> _bindings = [];
    private List<Binding> _merged = [];

    /// <summary>Adds the bindings of one name, but for those of Ksocks that have closed.</summary>
    public void Add(BindingList bindings)
    {
        if (bindings.Count == 0)
        {
            return;
        }

        int start = _bindings.Count;
        for (Binding? binding = bindings.Newest; binding is not null; binding = bindings.Before(binding))
        {
            if (!binding.Ksock.IsLeaving)
            {
                _bindings.Add(binding);
            }
        }

        if (_bindings.Count > start)
        {
            _starts.Add(start);
        }
    }

    /// <summary>All that were added, newest first; valid until more are added. The next list begins.</summary>
    public ReadOnlySpan<Binding> Take()
    {
        while (_starts.Count > 1)
        {
            MergePairs();
        }

        ReadOnlySpan<Binding> all = CollectionsMarshal.AsSpan(_bindings);
        (_bindings, _merged) = (_merged, _bindings);
        _bindings.Clear();
        _starts.Clear();
        return all;
    }

    /// <summary>Merges each run with the one behind it.</summary>
    private void MergePairs()
    {
        ReadOnlySpan<Binding> all = CollectionsMarshal.AsSpan(_bindings);
        _merged.Clear();
        int kept = 0;
        for (int i = 0; i < _starts.Count; i += 2)
        {
            int start = _starts[i];
            int middle = i + 1 < _starts.Count ? _starts[i + 1] : all.Length;
            int end = i + 2 < _starts.Count ? _starts[i + 2] : all.Length;
            _starts[kept++] = start;
            Merge(all[start..middle], all[middle..end]);
        }

        _starts.RemoveRange(kept, _starts.Count - kept);
        (_bindings, _merged) = (_merged, _bindings);
    }

    private void Merge(ReadOnlySpan<Binding> left, ReadOnlySpan<Binding> right)
    {
        while (!left.IsEmpty && !right.IsEmpty)
        {
            ref ReadOnlySpan<Binding> newer = ref left;
            if (right[0].Order > left[0].Order)
            {
                newer = ref right;
            }

            _merged.Add(newer[0]);
            newer = newer[1..];
        }

        _merged.AddRange(left);
        _merged.AddRange(right);
    }
}
