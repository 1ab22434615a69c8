using System.Text;
using Kbus.Core;

namespace Kbus.Limpets;

/// <summary>The rules of a Limpet for each message: spec section 12, with the corrections of its decisions.</summary>
/// <remarks>
/// <para>There is no stream here. The caller reads messages from the Ksock or from the peer, passes them in, and sends them on. Headers are
/// changed in place. One thread may handle messages from the bus while another handles those from the peer.</para>
/// <para>Always true: each Request that was read from the bus to be answered is recorded until its answer is about to be sent.
/// When the Ksock closes, the bus answers it. So each Request gets exactly one answer (P2).</para>
/// </remarks>
internal sealed partial class LimpetRules : IDisposable
{
    private const string RemoteError = "$.KBUS.RemoteError.";
    private const string NotSameKsock = "$.KBUS.Replier.NotSameKsock";

    private readonly Ksock _ksock;
    private readonly uint _ownId;
    private readonly uint _peerId;
    private readonly NameList _outward;
    private readonly NameList _inward;
    private readonly NetworkList _networks;
    private readonly SparingTell _told;
    private readonly Remembered _remembered = new();
    private readonly LoopWatch _watch = new();
    private readonly LoopJudge _judge;
    private readonly CarriedOut _carried;
    private readonly ReplyWays _ways;

    /// <summary>Makes the rules of one link.</summary>
    /// <param name="ksock">The Limpet's Ksock, which it marks as one (<see cref="Ksock.ActAsLimpet"/>).</param>
    /// <param name="peerId">The peer's network id.</param>
    /// <param name="options">The Limpet's own network id, what may pass, and the receivers of its reports.</param>
    /// <param name="sendProbe">Sends a probe to the peer, from any thread, without waiting; null if the Limpet cannot.</param>
    public LimpetRules(Ksock ksock, uint peerId, LimpetOptions options, Action<RingProbe>? sendProbe)
    {
        _ksock = ksock;
        _ownId = options.NetworkId;
        _peerId = peerId;
        _outward = new NameList(options.AllowOut);
        _inward = new NameList(options.AllowIn);
        _networks = new NetworkList(_ownId, peerId, options.PeerNetworks);
        _told = new SparingTell(options.Say, options.Time);
        _judge = new LoopJudge(ksock, options.Time, LinkRank.Of(options.Time.GetUtcNow(), _ownId, peerId), sendProbe, Warn);
        _carried = new CarriedOut(_judge.IsLimpet);
        _ways = new ReplyWays(_judge.IsLimpet);
        Proxies = new Proxies(ksock, options);
        ksock.ActAsLimpet(_ownId);
    }

    /// <summary>The names for which this Limpet represents a replier of the other bus.</summary>
    public Proxies Proxies { get; }

    /// <summary>The number of Requests on their way to be answered by the other bus.</summary>
    public int Awaited => _remembered.Count;

    /// <summary>After a verdict <see cref="Verdict.Loop"/>: what goes round, as the end of a sentence.</summary>
    public string LoopEvidence => _judge.Evidence;

    /// <summary>After a verdict <see cref="Verdict.Forged"/>: where the message was said to come from.</summary>
    public OrigFrom ForgedOrigin { get; private set; }

    /// <summary>Starts listening on the bus. Spec section 12.3.</summary>
    /// <param name="names">The names to listen to.</param>
    /// <exception cref="KbusException">A binding could not be made, or there are more repliers than fit in the queue (EBUSY).</exception>
    public void Begin(IEnumerable<string> names)
    {
        _ksock.WantMessagesOnce();
        foreach (string name in names)
        {
            _ksock.Bind(name);
        }

        _ksock.Bind(ReplierBindEvent.MessageName);
        if (_judge.SendsProbes)
        {
            _ksock.Bind(RingProbe.MessageName);
        }

        _ksock.ReportReplierBinds();
    }

    /// <summary>Makes the answer to a Request that goes no further.</summary>
    /// <param name="request">The Request's header as it came.</param>
    /// <param name="error">Why it goes no further.</param>
    /// <param name="answer">The answer's header.</param>
    /// <returns>The answer's name.</returns>
    public static byte[] AnswerTo(in MessageHeader request, Errno error, out MessageHeader answer)
    {
        answer = new MessageHeader { To = request.From, InReplyTo = request.Id };
        bool isStateful = request.To != 0;
        return error switch
        {
            Errno.EADDRNOTAVAIL when isStateful => MessageName.ReplierGoneAway.ToArray(),
            Errno.EPIPE => Encoding.ASCII.GetBytes(NotSameKsock),
            _ => Encoding.ASCII.GetBytes(RemoteError + KbusErrors.Name(error)),
        };
    }

    /// <summary>A second has passed.</summary>
    public void Tick()
    {
        _watch.Tick();
        _carried.Tick();
    }

    /// <summary>Tries no binding any more.</summary>
    public void Dispose() => Proxies.Dispose();

    private void Warn(string sentence) => _told.Tell(LimpetLogLevel.Warning, sentence);

    /// <summary>A Request that whoever receives this copy is to answer.</summary>
    public static bool MustBeAnswered(in MessageHeader header) => header.IsRequest && !header.IsOverheard;

    /// <summary>Whether a message is the bus's own. A message of any Ksock, whatever its name, has its sender in <c>from</c>, also on the
    /// wire.</summary>
    private static bool IsFromBusItself(in MessageHeader header) => header.From == 0;

    /// <summary>An answer that the bus has refused although who awaits it is still there: by its size, say.</summary>
    /// <param name="header">The answer's header, as it was to be sent.</param>
    /// <param name="error">Why it was refused.</param>
    public static bool IsAwaitedHere(in MessageHeader header, Errno error) =>
        header.IsReply && header.To != 0 && error is not (Errno.EADDRNOTAVAIL or Errno.ECONNREFUSED);
}
