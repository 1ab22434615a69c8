using Kbus.Link;
using Kbus.Linux;

namespace Kbus.Links;

/// <summary>The payload areas that came over one link, in the order of their coming, each mapped when it is first needed.</summary>
internal sealed class PayloadViews : IDisposable
{
    private readonly List<Descriptor?> _files = [];
    private readonly List<PayloadView?> _views = [];
    private readonly Lock _lock = new();

    /// <summary>How many have come.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _files.Count;
            }
        }
    }

    /// <summary>Another one has come.</summary>
    public void Add(Descriptor file)
    {
        lock (_lock)
        {
            _files.Add(file);
            _views.Add(null);
        }
    }

    /// <summary>The area that a message's data is in; false if there is no such place in it.</summary>
    public bool TryGet(PlacedData place, uint length, out PayloadView? view)
    {
        lock (_lock)
        {
            view = null;
            if (place.Area >= _files.Count)
            {
                return false;
            }

            int index = (int)place.Area;
            if (_views[index] is null && _files[index] is { IsOurs: true } file)
            {
                // The mapping is what is needed; the descriptor is not any more.
                _ = PayloadView.Map(file, LibC.FileSize(file.Number), out PayloadView? mapped);
                _views[index] = mapped;
                file.Dispose();
                _files[index] = null;
            }

            view = _views[index];
            return view is not null && view.TryGet(place.Offset, length, out _);
        }
    }

    /// <summary>Lets go of all.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _files.ForEach(f => f?.Dispose());
            _views.ForEach(v => v?.Dispose());
            _files.Clear();
            _views.Clear();
        }
    }
}
