namespace Kbus.Native;

/// <summary>The Ksocks that this process has open, by their descriptors.</summary>
/// <remarks>
/// Looking one up takes no lock. An entry goes by <see cref="Close"/>; or, when a program has closed the descriptor behind our back,
/// as soon as the kernel gives its number to another Ksock.
/// </remarks>
internal static class OpenKsocks
{
    private static KsockOptions _options = new() { HeedsSignals = true };
    private static readonly Lock Changes = new();
    private static OpenKsock?[] _byDescriptor = new OpenKsock?[64];
    private static HashSet<int> _ofTheParent = [];

    /// <summary>The Ksock with that descriptor; null if there is none.</summary>
    public static OpenKsock? Find(int descriptor)
    {
        OpenKsock?[] all = Volatile.Read(ref _byDescriptor);
        return (uint)descriptor < (uint)all.Length ? Volatile.Read(ref all[descriptor]) : null;
    }

    /// <summary>Ksocks that are opened from now on end a wait for a bus that stands still after so many milliseconds, as if a signal had come.</summary>
    public static void InterruptAfter(int milliseconds) => Volatile.Write(ref _options, _options with { InterruptAfter = milliseconds });

    /// <summary>Opens one. Its descriptor.</summary>
    /// <exception cref="KbusException">It cannot be opened.</exception>
    public static int Open(uint device, KsockMode mode)
    {
        Ksock opened = Ksock.Open(device, mode, Volatile.Read(ref _options));
        int descriptor;
        OpenKsock? stale = null;
        try
        {
            descriptor = opened.GetDescriptor();
            lock (Changes)
            {
                if (descriptor >= _byDescriptor.Length)
                {
                    OpenKsock?[] larger = new OpenKsock?[Math.Max(descriptor + 1, 2 * _byDescriptor.Length)];
                    _byDescriptor.CopyTo(larger, 0);
                    Volatile.Write(ref _byDescriptor, larger);
                }

                stale = _byDescriptor[descriptor];
                Volatile.Write(ref _byDescriptor[descriptor], new OpenKsock(opened));
            }
        }
        catch
        {
            opened.Dispose();
            throw;
        }

        _ = stale?.Close();
        return descriptor;
    }

    /// <summary>Closes one. False if there is none with that descriptor, or the descriptor had been closed behind our back.</summary>
    public static bool Close(int descriptor)
    {
        OpenKsock? closed;
        lock (Changes)
        {
            closed = Find(descriptor);
            if (closed is not null)
            {
                Volatile.Write(ref _byDescriptor[descriptor], null);
            }
        }

        return closed is not null && closed.Close();
    }

    /// <summary>Whether the parent of this process had a Ksock with that descriptor when it forked.</summary>
    public static bool WasOfTheParent(int descriptor) => Volatile.Read(ref _ofTheParent).Contains(descriptor);

    /// <summary>This process is a forked child: what was open is its parent's and is not touched any more.</summary>
    public static void Forget()
    {
        OpenKsock?[] all = Volatile.Read(ref _byDescriptor);
        Volatile.Write(ref _ofTheParent, [.. Enumerable.Range(0, all.Length).Where(d => all[d] is not null)]);
        Volatile.Write(ref _byDescriptor, new OpenKsock?[64]);
    }
}
