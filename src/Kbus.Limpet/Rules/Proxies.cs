using System.Runtime.InteropServices;
using System.Text;
using Kbus.Core;

namespace Kbus.Limpets;

/// <summary>The names for which this Limpet is to be replier on its bus, because the peer's bus has a replier for them. Spec section
/// 12.5, rule 1.</summary>
/// <remarks>
/// A binding that cannot be made or ended now is retried: when the bus reports that the name has become free, and otherwise after a while.
/// Until then Requests of that name go to the replier here. A name that the bus will never bind, or that is more than the peer may have, is
/// reported and forgotten. Any thread may call. A refusal of the bus is never an exception here.
/// <para>Limpets in a ring could report a closed replier to each other for ever: the news that it is bound would run before the news
/// that it is not. So a name that is bound again and again within a second is bound only after a pause, and unbound at once: then the
/// second catches up with the first.</para>
/// </remarks>
internal sealed class Proxies : IDisposable
{
    private const int OftenLately = 10;
    private static readonly TimeSpan Lately = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(2);

    private readonly Dictionary<string, Proxy> _proxies = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _boundLately = new(StringComparer.Ordinal);
    private readonly TimeProvider _time;
    private readonly Ksock _ksock;
    private readonly int _most;
    private readonly SparingTell _told;
    private readonly ITimer _timer;
    private readonly Lock _lock = new();
    private TimeSpan _pause = FirstPause;
    private long _latelySince;
    private bool _isWaiting;
    private bool _isFull;
    private bool _isDisposed;

    /// <summary>Begins without any.</summary>
    /// <param name="ksock">The Limpet's Ksock.</param>
    /// <param name="options">The most names, the time between tries, and the receiver of reports about failed and later successful
    /// bindings.</param>
    public Proxies(Ksock ksock, LimpetOptions options)
    {
        _ksock = ksock;
        _most = options.MaxProxies;
        _told = new SparingTell(options.Say, options.Time);
        _time = options.Time;
        _timer = _time.CreateTimer(_ => TryAgain(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>The number of names that it is bound to, and the number of those that it should be bound to and is not.</summary>
    public (int Bound, int Waiting) Counts
    {
        get
        {
            lock (_lock)
            {
                int bound = _proxies.Values.Count(p => p.IsBound);
                return (bound, _proxies.Values.Count(p => p.IsWanted && !p.IsBound));
            }
        }
    }

    /// <summary>The peer's bus has a replier for the name.</summary>
    public void Bind(string name)
    {
        lock (_lock)
        {
            if (!_proxies.TryGetValue(name, out Proxy? proxy))
            {
                if (_proxies.Count >= _most)
                {
                    TellFull(name);
                    return;
                }

                _proxies.Add(name, proxy = new Proxy(name));
            }

            proxy.IsWanted = true;
            Try(proxy);
        }
    }

    /// <summary>The peer's bus has no replier for the name any more.</summary>
    public void Unbind(string name)
    {
        lock (_lock)
        {
            if (_proxies.TryGetValue(name, out Proxy? proxy))
            {
                proxy.IsWanted = false;
                Try(proxy);
            }
        }
    }

    /// <summary>Somebody on this bus has stopped being replier for the name.</summary>
    public void BecameFree(string name)
    {
        lock (_lock)
        {
            if (_proxies.TryGetValue(name, out Proxy? proxy) && proxy.IsWanted && !proxy.IsBound)
            {
                Try(proxy);
            }
        }
    }

    /// <summary>Tries nothing any more. The bindings end with the Ksock.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _isDisposed = true;
        }

        _timer.Dispose();
    }

    /// <summary>Brings a binding to where it should be, if the bus lets it. Under the lock.</summary>
    /// <param name="proxy">The name.</param>
    /// <param name="isDue">True if it has paused.</param>
    private void Try(Proxy proxy, bool isDue = false)
    {
        if (_isDisposed || _ksock.IsClosed)
        {
            return;
        }

        Errno error = Errno.None;
        if (proxy.IsWanted && !proxy.IsBound && !isDue && WasBoundOften(proxy.Name))
        {
            error = Errno.EAGAIN;
        }
        else if (proxy.IsWanted != proxy.IsBound)
        {
            error = proxy.IsWanted ? _ksock.Bare.Bind(proxy.Bytes, replier: true) : _ksock.Bare.Unbind(proxy.Bytes, replier: true);
        }

        if (error == Errno.None)
        {
            bool isNews = proxy.IsBound != proxy.IsWanted;
            proxy.IsBound = proxy.IsWanted;
            if (isNews && proxy.Refused != Errno.None)
            {
                _told.Tell(LimpetLogLevel.Information, $"{(proxy.IsBound ? "Bound to" : "Unbound from")} {proxy.Shown} as replier after all.");
            }
        }
        else if (error != proxy.Refused)
        {
            _told.Tell(LimpetLogLevel.Warning, $"Not {(proxy.IsWanted ? "bound to" : "unbound from")} {proxy.Shown} as replier: {Why(error)}.");
        }

        proxy.Refused = error;
        bool isForGood = error is not (Errno.None or Errno.EADDRINUSE or Errno.EAGAIN);
        if (isForGood || (error == Errno.None && !proxy.IsWanted))
        {
            _proxies.Remove(proxy.Name);
            _isFull = false;
        }

        if (error == Errno.EAGAIN && !_isWaiting)
        {
            _isWaiting = true;
            _timer.Change(_pause, Timeout.InfiniteTimeSpan);
        }
    }

    private void TryAgain()
    {
        lock (_lock)
        {
            _isWaiting = false;
            _pause = TimeSpan.FromTicks(Math.Min(_pause.Ticks * 2, LongestPause.Ticks));
            foreach (Proxy proxy in _proxies.Values.Where(p => p.Refused == Errno.EAGAIN).ToArray())
            {
                Try(proxy, isDue: true);
            }

            _pause = _isWaiting ? _pause : FirstPause;
        }
    }

    /// <summary>Records that a name is to be bound. True if that has happened again and again.</summary>
    private bool WasBoundOften(string name)
    {
        if (_time.GetElapsedTime(_latelySince) > Lately || _boundLately.Count > _most)
        {
            _boundLately.Clear();
            _latelySince = _time.GetTimestamp();
        }

        ref int count = ref CollectionsMarshal.GetValueRefOrAddDefault(_boundLately, name, out _);
        return ++count > OftenLately;
    }

    private void TellFull(string name)
    {
        if (!_isFull)
        {
            _isFull = true;
            _told.Tell(LimpetLogLevel.Warning, $"Not bound to {PrintableText.Of(Encoding.Latin1.GetBytes(name))} as replier: the peer has repliers for more than {_most} names, and that is the most for one link.");
        }
    }

    private static string Why(Errno error) => error switch
    {
        Errno.EADDRINUSE => "this bus has a replier of its own for that name; bound as soon as that one leaves",
        Errno.EAGAIN => "a listener for bind events on this bus has a full queue, or it is bound and unbound all the time; tried again",
        _ => KbusErrors.Name(error),
    };

    private sealed class Proxy(string name)
    {
        public string Name { get; } = name;

        public byte[] Bytes { get; } = Encoding.Latin1.GetBytes(name);

        /// <summary>The name for people: the peer may have made up any.</summary>
        public string Shown => PrintableText.Of(Bytes);

        /// <summary>Whether the peer's bus has a replier.</summary>
        public bool IsWanted { get; set; }

        /// <summary>Whether this bus knows the Limpet as replier.</summary>
        public bool IsBound { get; set; }

        /// <summary>Why the last try failed; None if it did not.</summary>
        public Errno Refused { get; set; }
    }
}
