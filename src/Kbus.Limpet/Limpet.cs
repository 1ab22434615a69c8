using System.Net.Security;
using System.Text;
using Kbus.Core;
using Kbus.Linux;

namespace Kbus.Limpets;

/// <summary>One end of a link between two buses: it carries messages between its bus and its peer, the Limpet at the other end of a
/// stream.</summary>
/// <remarks>
/// <para>The stream must carry bytes both ways in their order. One thread must be able to read it while another writes. The paper's
/// "laser link" is the program's own. <see cref="LimpetClient"/> and <see cref="LimpetServer"/> make links over sockets and make them
/// again when they break.</para>
/// <para>When a link ends, however it ends, the Limpet's Ksock closes. The bus itself then answers each Request that was on its way.
/// The repliers of the other bus are no repliers here any more. Source: the paper's chapter "Limpets"; spec section 12.</para>
/// <para>Two threads belong to it: one waits for the bus, the other for the peer.</para>
/// </remarks>
public sealed partial class Limpet : IDisposable
{
    private const string FromBus = "Message from KBUS:";
    private const string FromPeer = "Message from other Limpet:";
    private const int SecondsKept = 3;
    private static readonly TimeSpan WatchEvery = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(2);

    private readonly LimpetOptions _options;
    private readonly Stream _stream;
    private readonly Ksock _ksock;
    private readonly LimpetRules _rules;
    private readonly Outbox _outbox;
    private readonly FrameReader _reader;
    private readonly byte[]? _termination;
    private readonly Pacer? _pacer;
    private readonly ManualResetEvent _over = new(false);
    private readonly TaskCompletionSource<LimpetEnding> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ITimer _watch;
    private readonly Thread _inward;
    private volatile LimpetEnding? _ending;
    private int _parts = 3;
    private long _carriedOut;
    private long _answered;
    private long _carriedIn;
    private long _refused;
    private long _missed;
    private int _givenUp;
    private int _secondsKept;
    private int _collections;

    private Limpet(Stream stream, LimpetOptions options, uint peerId, bool isGreeted)
    {
        _options = options;
        _stream = stream;
        PeerNetworkId = peerId;
        _termination = options.TerminationMessage is { } name ? Encoding.UTF8.GetBytes(name) : null;
        _reader = new FrameReader(stream, options.MaxData);
        _run = new FrameRun(_reader, HearRefusal);
        _posted = new FrameRun(_reader, HearRefusal);
        _pacer = options.MaxRate > 0 ? new Pacer(options.MaxRate, options.Time) : null;
        _outbox = new Outbox(stream, options.Backlog, options.Time, EndBroken);
        _ksock = options.Open();
        try
        {
            _ = _ksock.SetMaxMessages(options.MaxMessages);
            _rules = new LimpetRules(_ksock, peerId, options, SendProbe);
            _rules.Begin(options.TerminationMessage is { } last ? [.. options.MessageNames, last] : options.MessageNames);
            if (!isGreeted)
            {
                // The bus has taken it. From here on the peer may say that it is connected.
                stream.Write(Greeting.Of(options.NetworkId));
                stream.Flush();
            }

            _watch = options.Time.CreateTimer(_ => LookAlone(), null, WatchEvery, WatchEvery);
        }
        catch
        {
            _rules?.Dispose();
            _ksock.Dispose();
            throw;
        }

        _inward = Threads.Make("kbus-limpet-in", CarryInward);
        int started = !Threads.TryStart(_inward) ? 0 : !Threads.TryStart("kbus-limpet-out", CarryOutward) ? 1 : 2;
        if (started < 2)
        {
            GiveUpStart(started);
        }
    }

    internal static LimpetEnding StoppedBefore { get; } = new(LimpetEndingKind.Stopped, "It was ended here.");

    /// <summary>The Limpet's own network id.</summary>
    public uint NetworkId => _options.NetworkId;

    /// <summary>The peer's network id.</summary>
    public uint PeerNetworkId { get; }

    /// <summary>The id of the Limpet's Ksock on its bus.</summary>
    public uint KsockId => _ksock.Id;

    /// <summary>Completes when the link has ended and its Ksock and stream are closed. The result says how the link ended. It never
    /// fails.</summary>
    public Task<LimpetEnding> Ended => _ended.Task;

    /// <summary>Counts of what was carried so far.</summary>
    public LimpetCounts Counts
    {
        get
        {
            lock (_inwardLock)
            {
                CountIn();
            }

            return ReadCounts();
        }
    }

    /// <summary>As <see cref="Counts"/>, but it waits for nobody. Messages that the bus is taking just now may be missing.</summary>
    internal LimpetCounts CountsNow
    {
        get
        {
            if (_inwardLock.TryEnter())
            {
                try
                {
                    CountIn();
                }
                finally
                {
                    _inwardLock.Exit();
                }
            }

            return ReadCounts();
        }
    }

    /// <summary>How long a byte and its acknowledgement take to the peer's machine and back, as the kernel measures it; null if the
    /// connection does not leave this machine's sockets, or has ended.</summary>
    internal TimeSpan? RoundTrip => (_stream as IWatched)?.RoundTrip;

    /// <summary>Greets the peer, opens the Ksock and begins to carry messages.</summary>
    /// <remarks>It blocks until the peer has greeted. From then on the stream belongs to the Limpet, which closes it at its end; also if
    /// this fails.</remarks>
    /// <param name="stream">The connection to the peer.</param>
    /// <param name="options">The options of the Limpet.</param>
    /// <returns>The Limpet; dispose of it to end the link.</returns>
    /// <exception cref="LimpetException">The peer does not greet as a Limpet does or in time, or has the same network id.</exception>
    /// <exception cref="KbusException">The Ksock could not be opened, or the bus refused what a Limpet needs; EBUSY if it has more repliers
    /// than fit in the Limpet's queue.</exception>
    /// <exception cref="ArgumentException">An option is invalid.</exception>
    public static Limpet Attach(Stream stream, LimpetOptions options)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(options);
        try
        {
            options.Check();
            return Begin(stream, options, Greet(stream, options), isGreeted: true);
        }
        catch (Exception e) when (e is OutOfMemoryException or ThreadStartException)
        {
            // The first timer of a process needs a thread.
            stream.Dispose();
            throw NoThread(self: null);
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    /// <summary>Begins to carry messages, once the peer has greeted.</summary>
    /// <param name="stream">The connection to the peer, which belongs to the Limpet from now on, also if this fails.</param>
    /// <param name="options">The options of the Limpet; already validated.</param>
    /// <param name="peerId">The peer's network id.</param>
    /// <param name="isGreeted">Whether the peer has had this side's greeting; otherwise it gets it when the bus has taken the
    /// Limpet.</param>
    /// <exception cref="IOException">The connection is broken.</exception>
    /// <exception cref="KbusException">As for <see cref="Attach"/>.</exception>
    internal static Limpet Begin(Stream stream, LimpetOptions options, uint peerId, bool isGreeted)
    {
        try
        {
            return new Limpet(stream, options, peerId, isGreeted);
        }
        catch (Exception e) when (e is OutOfMemoryException or ThreadStartException)
        {
            stream.Dispose();
            throw NoThread(self: null);
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    /// <summary>Ends the link, if it has not ended. <see cref="Ended"/> completes when everything is closed.</summary>
    public void Dispose() => End(LimpetEndingKind.Stopped, "The link was ended here.");

    /// <summary>Waits for the end, and brings it about when asked to.</summary>
    internal async Task<LimpetEnding> EndedOrStoppedAsync(CancellationToken cancellationToken)
    {
        await using (cancellationToken.Register(Dispose).ConfigureAwait(false))
        {
            return await Ended.ConfigureAwait(false);
        }
    }

    /// <summary>Such as <c>Limpet 1 on bus 0, Ksock 4, peer 2</c>.</summary>
    public override string ToString() => $"Limpet {NetworkId} on bus {_ksock.Device}, Ksock {KsockId}, peer {PeerNetworkId}";

    /// <summary>Greets the peer and receives its network id.</summary>
    /// <exception cref="LimpetException">As for <see cref="Attach"/>.</exception>
    internal static uint Greet(Stream stream, LimpetOptions options) => InTime(stream, options, () =>
    {
        stream.Write(Greeting.Of(options.NetworkId));
        stream.Flush();
        uint peerId = Receive(stream);
        return peerId != options.NetworkId ? peerId : throw new WireException(
            $"it has network id {peerId}, as this Limpet has; give one of them another by --id");
    });

    /// <summary>Receives the peer's greeting, before this side has greeted.</summary>
    /// <returns>The peer's network id.</returns>
    /// <exception cref="LimpetException">As for <see cref="Attach"/>.</exception>
    internal static uint ReceiveGreeting(Stream stream, LimpetOptions options) => InTime(stream, options, () => Receive(stream));

    private static uint Receive(Stream stream)
    {
        byte[] greeting = new byte[Greeting.Length];
        stream.ReadExactly(greeting);
        return Refusal.Is(greeting) ? throw Refusal.Read(greeting, stream) : Greeting.Read(greeting);
    }

    private static uint InTime(Stream stream, LimpetOptions options, Func<uint> greet)
    {
        // A read that nobody answers ends when its stream is closed.
        bool isLate = false;
        using ITimer limit = options.Time.CreateTimer(
            _ =>
            {
                Volatile.Write(ref isLate, true);
                stream.Dispose();
            },
            null,
            options.GreetingLimit,
            Timeout.InfiniteTimeSpan);
        try
        {
            return greet();
        }
        catch (Exception e) when (e is (IOException and not LimpetException) or ObjectDisposedException)
        {
            string what = Volatile.Read(ref isLate) ? $"it did not greet within {options.GreetingLimit.TotalSeconds:0.###} s"
                : stream is SslStream && e is not WireException ? $"it closed the connection before it greeted; it may not know this side's key{(stream is ProtectedStream own ? $", which is {own.OwnKey}" : "")}"
                : e is EndOfStreamException ? "it closed the connection before it greeted"
                : e.Message;
            throw new LimpetException($"No link with the peer: {what}.", e, e is WireException);
        }
    }

    /// <summary>Bytes that may wait for the peer if they must not be missed.</summary>
    private long OutboxLimit => 4L * _options.Backlog;

    /// <summary>Bytes of all buffers that it keeps for messages to come, whatever is in them now.</summary>
    internal long BytesHeld => (long)_reader.Capacity + _outbox.Capacity + _outward.Capacity + _answers.Capacity + _taken.Sum(static m => (long)m.Capacity);

    private LimpetCounts ReadCounts()
    {
        (int bound, int waiting) = _rules.Proxies.Counts;
        return new LimpetCounts(
            Interlocked.Read(ref _carriedOut) + Interlocked.Read(ref _answered),
            Interlocked.Read(ref _carriedIn),
            Interlocked.Read(ref _refused),
            Interlocked.Read(ref _missed),
            _rules.Awaited,
            bound,
            waiting)
        {
            BytesOut = _outbox.Written,
            BytesIn = _reader.Received,
            Backlog = _outbox.Waiting,
        };
    }

    /// <summary>Ends the link for a reason; only the first one counts.</summary>
    private void End(LimpetEndingKind kind, string text)
    {
        if (Interlocked.CompareExchange(ref _ending, new LimpetEnding(kind, text), null) is not null)
        {
            return;
        }

        // The bus's last messages still go to a peer that can be trusted to read them. Then the bus answers the remaining Requests.
        _watch.Dispose();
        _rules.Dispose();
        _over.Set();
        if (kind == LimpetEndingKind.Loop)
        {
            SendAnnouncement(1, StandbyNotice.Data);
        }

        if (kind is LimpetEndingKind.Loop or LimpetEndingKind.BusGone or LimpetEndingKind.Terminated or LimpetEndingKind.Stopped or LimpetEndingKind.EventsLost)
        {
            _outbox.Drain(LastWords);
            if (Thread.CurrentThread != _inward && FinishWriting())
            {
                // Closing at once could take back what is on its way: the peer closes first, when it has read all.
                _inward.Join(LastWords);
            }
        }

        _ksock.Dispose();
        _stream.Dispose();
        PartEnded();
    }

    /// <summary>Ends the link because reading or writing failed. What TLS says of that is for programmers, and shipped without its
    /// words.</summary>
    private void EndBroken(Exception e) => End(
        LimpetEndingKind.PeerGone,
        _stream is SslStream && e is not BrokenException
            ? "The connection broke: it ended in the middle of something, or somebody on the way has changed it."
            : $"The connection broke: {e.Message.TrimEnd('.')}.");

    /// <summary>Signals the end to the peer, if the stream can.</summary>
    private bool FinishWriting()
    {
        try
        {
            (_stream as IFinishing)?.FinishWriting();
            return _stream is IFinishing;
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            return false;
        }
    }

    /// <summary>One of the two threads is done, or <see cref="End"/> is: only after all three is everything closed.</summary>
    private void PartEnded()
    {
        if (Interlocked.Decrement(ref _parts) == 0)
        {
            _over.Dispose();
            _ended.SetResult(_ending!);
        }
    }

    /// <summary>There can be no further thread: closes all that was opened.</summary>
    /// <exception cref="KbusException">ENOMEM.</exception>
    private void GiveUpStart(int started)
    {
        KsockName self = _ksock.Name;
        for (int i = started; i < 2; i++)
        {
            PartEnded();
        }

        End(LimpetEndingKind.PeerGone, "There can be no further thread.");
        throw NoThread(self);
    }

    private static KbusException NoThread(KsockName? self) =>
        Refusals.Of(Errno.ENOMEM, "thread", "The process can have no further thread, and a Limpet needs two, and timers.", self, "wait");

    /// <summary>The outermost frame of the timer.</summary>
    private void LookAlone()
    {
        try
        {
            Look();
        }
        catch (Exception e)
        {
            EndByFault(e);
        }
    }

    /// <summary>A fault of ours ends this link, and no other of the process.</summary>
    private void EndByFault(Exception fault) => End(LimpetEndingKind.Fault, $"A fault of KBUS ended the link. Please report this: {fault}");

    private void Look()
    {
        _rules.Tick();
        GiveMemoryBack();
        TimeSpan stalled = _outbox.StalledFor;
        if (stalled > _options.StallLimit)
        {
            End(LimpetEndingKind.PeerStalled, $"The peer took nothing for {stalled.TotalSeconds:0} s, although {_outbox.Waiting} bytes waited for it.");
        }

        TimeSpan full = (_stream as IWatched)?.Watch() ?? TimeSpan.Zero;
        if (full > _options.StallLimit)
        {
            End(LimpetEndingKind.PeerStalled, $"The peer took nothing for {full.TotalSeconds:0} s, although its machine answers.");
        }
    }

    /// <summary>Long messages leave long buffers behind, and a Limpet that then has little to do would keep them for ever.</summary>
    private void GiveMemoryBack()
    {
        if (!_options.GivesMemoryBack)
        {
            return;
        }

        int givenUp = _reader.GivenUp;
        if (givenUp != _givenUp)
        {
            (_givenUp, _secondsKept, _collections) = (givenUp, 1, MemoryReturn.Collections);
        }
        else if (_secondsKept > 0 && ++_secondsKept > SecondsKept)
        {
            _secondsKept = 0;
            MemoryReturn.CollectUnlessDone(_collections);
        }
    }

    /// <summary>Sends a probe to the peer, to find out whether this link closes a ring.</summary>
    private void SendProbe(RingProbe probe) => SendAnnouncement((uint)probe.Number | 1, probe.ToBytes());

    private void SendAnnouncement(uint serialNumber, ReadOnlySpan<byte> data)
    {
        // Its id is one of this Limpet's network, and otherwise nobody's.
        var header = new MessageHeader
        {
            Id = new MessageId(NetworkId, serialNumber),
            From = KsockId,
            OrigFrom = new OrigFrom(NetworkId, KsockId),
        };
        var frames = new FrameWriter();
        frames.Add(header, RingProbe.Name, data);
        _outbox.Take(ref frames);
        _outbox.Flush();
    }

    private void Trace(string direction, in MessageHeader header, ReadOnlySpan<byte> name, string what) => _options.Trace!(
        $"{direction} {MessageText.KindOf(header, name)} {PrintableText.Of(name)} id={header.Id} from={header.From} orig_from={header.OrigFrom}: {what}");
}
