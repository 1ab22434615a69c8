using Kbus.Core;

namespace Kbus.Limpets;

/// <summary>Decides which link closes when messages go round.</summary>
/// <remarks>
/// <para>A message that goes round is carried no further, whichever Ksock brought it. That alone ends its round. It counts only if another
/// Limpet brought it (the bus knows which Ksocks are Limpets'), and if its origin is that of its id. So no ordinary program can
/// close a link by sending an id that is not its own.</para>
/// <para>Nor can a peer close any link but its own. What another Limpet brings to this bus never closes this Limpet's link, except its own
/// probe: that has truly been all the way round, since nobody can guess its number.</para>
/// <para>All Limpets of a ring may notice it at the same moment, but only one link may close: the newest of them all, so that what
/// worked before goes on working. They find it by the election of Chang and Roberts (1979). A Limpet that notices the ring sends a
/// <see cref="RingProbe"/> with the rank of its link to its peer. Each Limpet carries a probe on, once, even if it has noticed nothing.
/// But if its own link's rank is greater, it sends its own probe instead. So only the probe of the newest link comes all the way back to
/// the bus of its sender, which then closes its link. In a web of several rings each of them loses its newest link. What is left of
/// it is a tree that reaches everybody.</para>
/// <para>A message that comes back from the peer may be no ring: a peer of another make sends back much of what it gets. It is left, too,
/// and a probe sent now and then; but no link is closed for it alone.</para>
/// <para>Some rings let no probe pass: a Limpet of another make may carry other names only. A forged id and two equal network ids look the
/// same. The Limpet whose ids come by another Limpet of this bus then claims them on this bus (<see cref="NetworkClaim"/>). The other one
/// carries them no more, and closes its own link if its peer goes on sending them: after five seconds if its Ksock is the newer one,
/// after ten if not. So one of the two closes.</para>
/// </remarks>
internal sealed class LoopJudge
{
    /// <summary>The time for a probe to come back, before links are closed without one.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>After so long without a message that goes round, the next one is the first.</summary>
    private static readonly TimeSpan Memory = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan BetweenClaims = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan BetweenProbes = TimeSpan.FromMilliseconds(250);

    /// <summary>The longest pause between probes that are sent on suspicion alone.</summary>
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(8);

    private const int MostClaims = 4096;
    private readonly Ksock _ksock;
    private readonly TimeProvider _time;
    private readonly LinkRank _rank;
    private readonly Action<RingProbe>? _send;
    private readonly Action<string> _tell;
    private readonly ProbeAllowance _fromPeer;
    private readonly Lock _lock = new();
    private readonly RecentNumbers _heard = new();
    private readonly RecentNumbers _sent = new();
    private readonly Dictionary<uint, Claim> _claims = [];
    private long? _first;
    private long _last;
    private int _claimCount;
    private long? _claimedAt;
    private long? _toldAt;
    private long? _sentAt;
    private TimeSpan _suspicionPause = BetweenProbes;

    /// <summary>Begins without any record.</summary>
    /// <param name="ksock">The Limpet's Ksock.</param>
    /// <param name="time">The source of time.</param>
    /// <param name="rank">The rank of the Limpet's link.</param>
    /// <param name="send">Sends a probe to the peer, from any thread, without waiting; null if the Limpet cannot: it carries those of
    /// others.</param>
    /// <param name="tell">Receives what a person should know; null to discard it.</param>
    public LoopJudge(Ksock ksock, TimeProvider time, LinkRank rank, Action<RingProbe>? send, Action<string>? tell = null)
    {
        _tell = tell ?? (static _ => { });
        _fromPeer = new ProbeAllowance(time);
        _ksock = ksock;
        _time = time;
        _rank = rank;
        _send = send;
    }

    /// <summary>Whether it sends probes of its own.</summary>
    public bool SendsProbes => _send is not null;

    /// <summary>What goes round, as the end of a sentence.</summary>
    public string Evidence { get; private set; } = "";

    /// <summary>A message came by a Ksock of this bus although it was, or came, beyond.</summary>
    /// <param name="header">The message's header.</param>
    /// <param name="bringer">The Ksock.</param>
    public void Judge(in MessageHeader header, uint bringer)
    {
        if (!CarriedOut.IsTrue(header) || !IsLimpet(bringer, out uint network))
        {
            return;
        }

        RingProbe? probe;
        bool isClaimed;
        bool isTold;
        lock (_lock)
        {
            Evidence = $"message {header.Id} came back to this bus by Limpet {network} (Ksock {bringer})";
            long now = _time.GetTimestamp();
            probe = NextProbe(now, BetweenProbes);
            isClaimed = _send is not null && IsDue(ref _claimedAt, now, BetweenClaims);
            isTold = IsDue(ref _toldAt, now, Memory);
        }

        if (isTold)
        {
            _tell($"Limpets join these buses in a ring, or two have the same network id, or one forges ids: {Evidence}. It is carried no further.");
        }

        if (isClaimed)
        {
            NetworkClaim.Send(_ksock, _rank);
        }

        Send(probe);
    }

    /// <summary>The peer sent a message whose network id is this Limpet's own.</summary>
    /// <param name="header">The message's header.</param>
    /// <returns><see cref="Verdict.Loop"/> if this Limpet closes its link, otherwise <see cref="Verdict.Leave"/>.</returns>
    public Verdict JudgePeer(in MessageHeader header) => !CarriedOut.IsTrue(header) ? Verdict.Leave
        : _send is null ? EndsAtOnce(header)
        : Offends(
            $"message {header.Id}, which has this Limpet's own network id, came from its peer; the peer forges it, or another Limpet has the same id",
            2 * Patience);

    /// <summary>The peer sent a message that goes round, or whose network id another Limpet of this bus claims.</summary>
    /// <param name="header">The message's header.</param>
    /// <param name="bringer">The Ksock of the other Limpet.</param>
    /// <returns><see cref="Verdict.Loop"/> if this Limpet closes its link, otherwise <see cref="Verdict.Leave"/>.</returns>
    public Verdict JudgePeer(in MessageHeader header, uint bringer) => CarriedOut.IsTrue(header) && IsLimpet(bringer, out uint network)
        ? Offends($"message {header.Id} came from the peer, and lies beyond Limpet {network} (Ksock {bringer})", bringer < _ksock.Id ? Patience : 2 * Patience)
        : Verdict.Leave;

    /// <summary>Whether another Limpet of this bus has claimed a network id lately, and its link is older than the first message of that
    /// network from this Limpet's peer. So a peer that takes the id of a network that is known already cannot cut it off.</summary>
    /// <param name="network">The network id.</param>
    /// <param name="seconds">How many seconds after this link was made that message came.</param>
    /// <param name="claimant">Its Ksock.</param>
    public bool IsClaimed(uint network, uint seconds, out uint claimant)
    {
        claimant = 0;
        if (Volatile.Read(ref _claimCount) == 0)
        {
            return false;
        }

        lock (_lock)
        {
            bool isClaimed = _claims.TryGetValue(network, out Claim claim)
                && _time.GetElapsedTime(claim.At) <= Memory
                && claim.MadeAt <= _rank.MadeAt + (1000UL * seconds) + 1000;
            claimant = claim.Ksock;
            return isClaimed;
        }
    }

    /// <summary>A Limpet of this bus has claimed network ids.</summary>
    /// <param name="data">The data of its claim.</param>
    /// <param name="claimant">Its Ksock, of which the bus knows whether it is that Limpet's.</param>
    public void ClaimFromBus(ReadOnlySpan<byte> data, uint claimant)
    {
        if (claimant == _ksock.Id || !NetworkClaim.TryRead(data, out LinkRank claim) || !IsLimpet(claimant, out uint network) || (network != claim.GreaterId && network != claim.LesserId))
        {
            return;
        }

        lock (_lock)
        {
            // This end's two ids are its own, whoever claims them.
            foreach (uint id in new[] { claim.GreaterId, claim.LesserId })
            {
                if (id != _rank.GreaterId && id != _rank.LesserId && (_claims.Count < MostClaims || _claims.ContainsKey(id)))
                {
                    _claims[id] = new Claim(claimant, _time.GetTimestamp(), claim.MadeAt);
                }
            }

            Volatile.Write(ref _claimCount, _claims.Count);
        }
    }

    /// <summary>The peer sent back what was carried to it from this bus.</summary>
    /// <remarks>
    /// That may be a ring; but a peer of another make does so in any chain (spec section 12.7). A probe finds out, since such a peer never
    /// sends one back that has this Limpet's network id. Nothing else follows, and probes become less frequent.
    /// </remarks>
    /// <param name="header">The message's header.</param>
    public void Suspect(in MessageHeader header)
    {
        if (!CarriedOut.IsTrue(header))
        {
            return;
        }

        RingProbe? probe;
        lock (_lock)
        {
            probe = NextProbe(_time.GetTimestamp(), _suspicionPause);
            _suspicionPause = probe is null ? _suspicionPause : TimeSpan.FromTicks(Math.Min(2 * _suspicionPause.Ticks, LongestPause.Ticks));
        }

        Send(probe);
    }

    /// <summary>A probe was read from the bus.</summary>
    /// <param name="data">Its data.</param>
    /// <param name="bringer">The Ksock that sent it here.</param>
    /// <returns>Whether it is carried on, or <see cref="Verdict.Loop"/> if this Limpet closes its link.</returns>
    public Verdict ProbeFromBus(ReadOnlySpan<byte> data, uint bringer)
    {
        if (!RingProbe.TryRead(data, out RingProbe probe) || !IsLimpet(bringer, out uint network))
        {
            return Verdict.Leave;
        }

        lock (_lock)
        {
            if (_sent.Contains(probe.Number))
            {
                Evidence = Evidence.Length > 0 ? Evidence : $"what was sent to the peer came back to this bus by Limpet {network} (Ksock {bringer})";
                return Verdict.Loop;
            }
        }

        return JudgeProbe(probe);
    }

    /// <summary>The peer sent a probe.</summary>
    /// <param name="data">Its data.</param>
    /// <returns>Whether it is carried on.</returns>
    public Verdict ProbeFromPeer(ReadOnlySpan<byte> data)
    {
        if (StandbyNotice.Is(data))
        {
            Evidence = "its peer has found that";
            return Verdict.Loop;
        }

        return RingProbe.TryRead(data, out RingProbe probe) && _fromPeer.TryTake() ? JudgeProbe(probe) : Verdict.Leave;
    }

    /// <summary>Whether a Ksock of this bus is a Limpet's. It costs a question to the bus.</summary>
    public bool IsLimpet(uint bringer) => IsLimpet(bringer, out _);

    /// <summary>The same, and which network id it has.</summary>
    private bool IsLimpet(uint bringer, out uint network) => _ksock.Bare.NetworkIdOf(bringer, out network) == Errno.None && network != 0;

    /// <summary>A Limpet in C has no probes, and no threads. Its program decides.</summary>
    private Verdict EndsAtOnce(in MessageHeader header)
    {
        Evidence = $"message {header.Id}, which has this Limpet's own network id, came back from its peer";
        return Verdict.Loop;
    }

    /// <summary>The peer sent what it should not. Its link is closed if it goes on.</summary>
    private Verdict Offends(string evidence, TimeSpan patience)
    {
        RingProbe? probe;
        TimeSpan since;
        bool isTold;
        lock (_lock)
        {
            Evidence = evidence;
            long now = _time.GetTimestamp();
            isTold = _first is null || _time.GetElapsedTime(_last, now) > Memory;
            _first = isTold ? now : _first;
            _last = now;
            since = _time.GetElapsedTime(_first!.Value, now);
            probe = NextProbe(now, BetweenProbes);
        }

        if (isTold)
        {
            _tell($"The peer sends what is not its own: {evidence}. It is not carried, and the link is closed if that goes on.");
        }

        Send(probe);
        return since < patience ? Verdict.Leave : Verdict.Loop;
    }

    private bool IsDue(ref long? last, long now, TimeSpan pause)
    {
        bool isDue = last is not { } before || _time.GetElapsedTime(before, now) >= pause;
        last = isDue ? now : last;
        return isDue;
    }

    private Verdict JudgeProbe(RingProbe probe)
    {
        RingProbe? instead;
        lock (_lock)
        {
            if (_sent.Contains(probe.Number) || !_heard.TryAdd(probe.Number))
            {
                return Verdict.Leave;
            }

            // The other end's own probe is this link's, whichever end's clock is ahead.
            if (_send is null || probe.Rank.IsSameLink(_rank) || !_rank.IsGreaterThan(probe.Rank))
            {
                return Verdict.Carry;
            }

            instead = NextProbe(_time.GetTimestamp(), BetweenProbes);
        }

        Send(instead);
        return Verdict.Leave;
    }

    /// <summary>A probe to be sent, unless one was less than a pause ago.</summary>
    private RingProbe? NextProbe(long now, TimeSpan pause)
    {
        if (_send is null || (_sentAt is { } before && _time.GetElapsedTime(before, now) < pause))
        {
            return null;
        }

        _sentAt = now;
        RingProbe probe = RingProbe.Of(_rank);
        _ = _sent.TryAdd(probe.Number);
        return probe;
    }

    /// <summary>Sends a probe if there is one. That may end the link, and so is not done under the lock.</summary>
    private void Send(RingProbe? probe)
    {
        if (probe is { } next)
        {
            _send!(next);
        }
    }

    private readonly record struct Claim(uint Ksock, long At, ulong MadeAt);

    /// <summary>The last numbers that were received.</summary>
    private sealed class RecentNumbers
    {
        private readonly ulong[] _numbers = new ulong[64];
        private uint _next;

        /// <summary>Whether a number is known.</summary>
        public bool Contains(ulong number) => _numbers.AsSpan().Contains(number);

        /// <summary>Records a number.</summary>
        /// <returns>False if it is known.</returns>
        public bool TryAdd(ulong number)
        {
            bool isKnown = Contains(number);
            if (!isKnown)
            {
                _numbers[_next++ % _numbers.Length] = number;
            }

            return !isKnown;
        }
    }
}
