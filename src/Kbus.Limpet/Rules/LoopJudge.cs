using Kbus.Core;

namespace Kbus.Limpets;

/// <summary>Decides whose link is closed when messages go round.</summary>
/// <remarks>
/// <para>A message that goes round is carried no further, whoever brought it; that alone ends its round. The link is closed only if another
/// Limpet brought it (the bus knows which Ksocks are Limpets'), so no ordinary program can have a link closed by sending an id
/// that is not its own; nor if the message does not say that it comes from where its id does.</para>
/// <para>Two Limpets on this bus are part of the ring, and both notice. The newer of them, whose Ksock has the greater id, closes
/// its link, so that what worked before goes on working. The older one waits some seconds for that and then closes its own.</para>
/// </remarks>
internal sealed class LoopJudge(Ksock ksock, TimeProvider time)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly Lock _lock = new();
    private long? _since;
    private uint _newer;

    /// <summary>What goes round, as the end of a sentence.</summary>
    public string Evidence { get; private set; } = "";

    /// <summary>A message came by a Ksock of this bus although it was, or came, beyond.</summary>
    /// <param name="header">The message's header.</param>
    /// <param name="bringer">The Ksock.</param>
    /// <returns><see cref="Verdict.Loop"/> if this Limpet closes its link, else <see cref="Verdict.Leave"/>.</returns>
    public Verdict Judge(in MessageHeader header, uint bringer)
    {
        MessageId id = header.Id;
        lock (_lock)
        {
            if (!IsEvidence(header) || !IsLimpet(bringer, out uint network))
            {
                return Verdict.Leave;
            }

            if (bringer > ksock.Id)
            {
                if (_newer != bringer)
                {
                    _newer = bringer;
                    _since = time.GetTimestamp();
                }

                if (time.GetElapsedTime(_since!.Value) < Patience)
                {
                    return Verdict.Leave;
                }
            }

            Evidence = $"message {id} came back to this bus by Limpet {network} (Ksock {bringer})";
            return Verdict.Loop;
        }
    }

    /// <summary>Whether a Ksock of this bus is a Limpet's.</summary>
    public bool IsLimpet(uint bringer, out uint network) => ksock.Bare.NetworkIdOf(bringer, out network) == Errno.None && network != 0;

    /// <summary>The peer sent a message that has this Limpet's own network id.</summary>
    /// <param name="header">The message's header.</param>
    /// <returns>As <see cref="Judge"/>.</returns>
    public Verdict JudgePeer(in MessageHeader header)
    {
        if (!IsEvidence(header))
        {
            return Verdict.Leave;
        }

        lock (_lock)
        {
            Evidence = $"message {header.Id}, which has this Limpet's own network id, came back from its peer";
            return Verdict.Loop;
        }
    }

    /// <summary>The Limpet that gives a message its network id says the same in orig_from. A program that only plays with ids does not.</summary>
    private static bool IsEvidence(in MessageHeader header) => header.OrigFrom.NetworkId == header.Id.NetworkId;
}
