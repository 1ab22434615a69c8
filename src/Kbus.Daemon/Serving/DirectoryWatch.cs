using Kbus.Linux;

namespace Kbus.Daemon;

/// <summary>Detects that a directory, something in it or its path may have changed: by inotify, and by the mount table.</summary>
/// <remarks>Only the listening thread uses it. After each report it is silent until it is set again, so that nobody can keep the thread busy.</remarks>
internal sealed class DirectoryWatch(int epoll, ulong token) : IDisposable
{
    private const uint Once = LibC.EpollOneShot;
    private Descriptor? _changes;
    private Descriptor? _mounts;

    /// <summary>Begins to watch, or watches again. Called before the directory is checked, so that no change in between is missed.</summary>
    /// <param name="path">The directory's path.</param>
    /// <param name="directory">The descriptor of the directory that was there last.</param>
    /// <param name="isMissing">Whether something is missing that may become possible when the directory, or its last existing parent, changes.</param>
    /// <returns>Zero or <c>-errno</c>: then removals are not reported.</returns>
    public int Set(string path, int directory, bool isMissing)
    {
        SetMounts();

        // The former watch lives until the new one does. Closing it takes the kernel milliseconds.
        using Descriptor? former = _changes;
        _changes = null;
        int number = LibC.CreateWatch();
        if (number < 0)
        {
            return number;
        }

        _changes = new Descriptor(number);
        int result = LibC.AddWatch(number, LibC.PathOf(directory), LibC.WatchDelete | LibC.WatchMoved | LibC.WatchItself);
        foreach (string part in Parts(path).Concat(Parts(new FileInfo(LibC.PathOf(directory)).LinkTarget ?? path)))
        {
            // Parents that may not be read cannot be watched. That loses little: a directory is emptied before it is removed.
            _ = LibC.AddWatch(number, part, LibC.WatchItself | LibC.WatchNoFollow | LibC.WatchAdd);
        }

        if (isMissing && Parts(path).LastOrDefault(Directory.Exists) is { } last)
        {
            _ = LibC.AddWatch(number, last, LibC.WatchItself | LibC.WatchMoved | LibC.WatchCreate | LibC.WatchAttributes | LibC.WatchAdd);
        }

        int added = LibC.EpollAdd(epoll, number, LibC.EpollIn | Once, token);
        return result < 0 ? result : added;
    }

    /// <summary>Stops watching.</summary>
    public void Dispose()
    {
        _changes?.Dispose();
        _mounts?.Dispose();
    }

    /// <summary>Watches the mount table. A mount over the directory, or an unmount as at logout, is not reported by inotify.</summary>
    private void SetMounts()
    {
        if (_mounts is not null)
        {
            _ = LibC.EpollChange(epoll, _mounts.Number, LibC.EpollPriority | Once, token);
            return;
        }

        int number = LibC.Open("/proc/self/mountinfo", LibC.OpenReadOnly, 0);
        if (number >= 0)
        {
            _mounts = new Descriptor(number);
            _ = LibC.EpollAdd(epoll, number, LibC.EpollPriority | Once, token);
        }
    }

    /// <summary>The directory and all that lead to it, the outermost first.</summary>
    private static IEnumerable<string> Parts(string path)
    {
        for (int end = path.IndexOf('/', 1); end > 0; end = path.IndexOf('/', end + 1))
        {
            yield return path[..end];
        }

        yield return path;
    }
}
